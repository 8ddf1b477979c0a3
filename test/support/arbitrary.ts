import { caveatNames, randomWritten } from "./arbitrary-caveats.ts";
import type { Random } from "./random.ts";
import { pick, upTo } from "./random.ts";

/** Random worlds from a seed: a schema as text, tuples it allows, and tuples that a request brings. */
export interface Draft {
  readonly types: readonly DraftType[];
  readonly tuples: readonly string[];
  /** Contextual ones; some have the key of a stored tuple. */
  readonly contextual: readonly string[];
}

export interface DraftType {
  readonly name: string;
  /** Allowed subjects as in a schema: `group#member with within and expiration`. */
  readonly relations: readonly { readonly name: string; readonly allowed: readonly string[] }[];
  readonly permissions: readonly { readonly name: string; readonly expression: DraftExpression }[];
}

export type DraftExpression =
  | { readonly kind: "leaf"; readonly text: string }
  | { readonly kind: "operation"; readonly operator: "+" | "&" | "-"; readonly parts: readonly DraftExpression[] };

/** What may appear: SpiceDB refuses, or answers by error, some of what relata allows. */
export interface Dialect {
  /** `group#member` where `member` allows `user:*`. */
  readonly wildcardBehindUserset: boolean;
  readonly cyclicTuples: boolean;
  /** Permissions of one object that need each other. */
  readonly mutualPermissions: boolean;
  readonly caveats: boolean;
  /** Caveats that cannot be evaluated with some values, and values of the wrong type. */
  readonly failures: boolean;
  /** Ends that tuples may have, RFC 3339. None: no tuple ends. */
  readonly ends: readonly string[];
}

/** When random worlds are asked. Some of their tuples ended long before, some end at this very instant, some after. */
export const NOW_MS = Date.parse("2030-01-01T00:00:00Z");
const ENDS = [-315_360_000_000, 0, 1, 1_000, 3_600_000, 2_208_988_800_000].map((ms) =>
  new Date(NOW_MS + ms).toISOString(),
);

export const EVERYTHING: Dialect = {
  wildcardBehindUserset: true,
  cyclicTuples: true,
  mutualPermissions: true,
  caveats: true,
  failures: true,
  ends: ENDS,
};

const TYPES = ["group", "folder", "document"] as const;
const RELATIONS = ["parent", "member", "owner"] as const;
const PERMISSIONS = ["view", "edit", "admin", "share"] as const;
export const IDS = ["aa1", "bb2", "cc3", "dd4"] as const;

export function randomDraft(random: Random, dialect: Dialect): Draft {
  const names = TYPES.slice(0, 1 + upTo(random, TYPES.length - 1));
  const traits = randomTraits(random, dialect);
  const shapes = names.map((name) => ({
    name,
    relations: RELATIONS.slice(random() < 0.85 ? 0 : 1, random() < 0.2 ? 2 : 3),
    permissions: PERMISSIONS.slice(0, upTo(random, PERMISSIONS.length)),
  }));
  const types = shapes.map(
    (shape): DraftType => ({
      name: shape.name,
      relations: shape.relations.map((name) => ({
        name,
        allowed: [...new Set(randomAllowed(random, shapes, name, dialect).map(traits))],
      })),
      permissions: shape.permissions.map((name, index) => {
        const seen = dialect.mutualPermissions ? shape.permissions : shape.permissions.slice(0, index);
        return { name, expression: randomExpression(random, { ...shape, permissions: seen }, 0) };
      }),
    }),
  );
  const manager = random() < 0.3 ? [{ name: "manager", allowed: [...new Set(["user", traits("user")])] }] : [];
  const all: readonly DraftType[] = [{ name: "user", relations: manager, permissions: [] }, ...types];
  return {
    types: all,
    tuples: randomTuples(random, all, dialect, random() < 0.2 ? upTo(random, 12) : 30 + upTo(random, 90)),
    contextual: randomTuples(random, all, dialect, upTo(random, 6)),
  };
}

interface Shape {
  readonly name: string;
  readonly relations: readonly string[];
  readonly permissions: readonly string[];
}

/** Puts `with …` behind an allowed subject, now and then; a world has few caveats, so that they meet each other. */
function randomTraits(random: Random, { caveats, failures, ends }: Dialect): (allowed: string) => string {
  const known = caveatNames(failures && random() < 0.3);
  const names = caveats && random() < 0.75 ? [pick(random, known), pick(random, known), pick(random, known)] : [];
  const ending = ends.length > 0 && random() < 0.6;
  return (allowed) => {
    const traits = [
      ...(names.length > 0 && random() < 0.55 ? [pick(random, names)] : []),
      ...(ending && random() < 0.4 ? ["expiration"] : []),
    ];
    return traits.length === 0 ? allowed : `${allowed} with ${traits.join(" and ")}`;
  };
}

function randomAllowed(
  random: Random,
  shapes: readonly Shape[],
  relation: string,
  dialect: Dialect,
): readonly string[] {
  const allowed: string[] = [];
  for (let i = 1 + upTo(random, 2); i > 0; i--) {
    const shape = pick(random, shapes);
    if (relation !== "parent" && random() < 0.4) allowed.push("user");
    const draw = random();
    // `parent` is what arrows mostly go through, so it rarely points at users.
    if (relation === "parent" ? draw < 0.8 : draw < 0.15) allowed.push(shape.name);
    else if (draw < 0.3) allowed.push(`${shape.name}#${pick(random, [...shape.relations, ...shape.permissions])}`);
    else if (draw < 0.5) allowed.push(`${shape.name}#${pick(random, shape.relations)}`);
    else if (draw < 0.6 && relation !== "parent" && dialect.wildcardBehindUserset) allowed.push("user:*");
    else if (draw < 0.65 && relation === "owner") allowed.push("user:*");
    else allowed.push("user");
  }
  return allowed;
}

const MAX_DEPTH = 2;

function randomExpression(random: Random, shape: Shape, depth: number): DraftExpression {
  const draw = random();
  if (depth < MAX_DEPTH && draw < 0.55) {
    const operator = pick(random, ["+", "+", "&", "-"] as const);
    const parts = [randomExpression(random, shape, depth + 1), randomExpression(random, shape, depth + 1)];
    if (operator !== "-" && random() < 0.3) parts.push(randomExpression(random, shape, depth + 1));
    return { kind: "operation", operator, parts };
  }
  return { kind: "leaf", text: randomLeaf(random, shape) };
}

function randomLeaf(random: Random, shape: Shape): string {
  const draw = random();
  const tupleset = shape.relations.includes("parent") ? "parent" : pick(random, shape.relations);
  if (draw < 0.03) return "nil";
  if (draw < 0.06) return "self";
  if (draw < 0.25) return `${tupleset}->${pick(random, [...RELATIONS, ...PERMISSIONS])}`;
  if (draw < 0.3) return `${pick(random, shape.relations)}.any(${pick(random, PERMISSIONS)})`;
  if (draw < 0.42) return `${tupleset}.all(${pick(random, [...RELATIONS, ...PERMISSIONS])})`;
  return pick(random, draw < 0.8 ? shape.relations : [...shape.relations, ...shape.permissions]);
}

function randomTuples(
  random: Random,
  types: readonly DraftType[],
  dialect: Dialect,
  attempts: number,
): readonly string[] {
  const byKey = new Map<string, string>();
  const places = types.flatMap((type) => type.relations.map((relation) => ({ type: type.name, relation })));
  for (let i = attempts; i > 0; i--) {
    const { type, relation } = pick(random, places);
    const [named = "", traits = ""] = pick(random, relation.allowed).split(" with ");
    const [subject = "", through = ""] = named.split("#");
    const [object, other] = [upTo(random, IDS.length - 1), upTo(random, IDS.length - 1)];
    // Without cycles tuples only point to a smaller id, or from any type to users.
    const down = dialect.cyclicTuples || subject.startsWith("user") || other < object;
    if (!down) continue;
    const name = subject.endsWith(":*") ? subject : `${subject}:${IDS[other]}`;
    const key = `${type}:${IDS[object]}#${relation.name}@${name}${through === "" ? "" : `#${through}`}`;
    byKey.set(key, key + randomConditions(random, traits, dialect));
  }
  return [...byKey.values()];
}

function randomConditions(random: Random, traits: string, { ends }: Dialect): string {
  return traits
    .split(" and ")
    .filter((trait) => trait !== "")
    .map((trait) =>
      trait === "expiration"
        ? `[expiration:${pick(random, ends)}]`
        : `[${trait}:${JSON.stringify(randomWritten(random, trait))}]`,
    )
    .join("");
}
