import { compileSchema } from "../../src/dsl/compile.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { pick, type Random, upTo } from "../support/random.ts";

/** A world of nodes that lead to each other in circles, and of members that need each other in every way but by negation. */
export interface Circles {
  readonly text: string;
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
  readonly ids: readonly string[];
  readonly members: readonly string[];
}

const MEMBERS = ["a", "b", "c", "d"] as const;
const WAYS = ["left", "right"] as const;
const USERS = ["x", "y", "z"] as const;

/** @param ending some tuples may end @returns undefined when the compiler refuses the schema */
export function randomCircles(random: Random, ending: boolean): Circles | undefined {
  const members = MEMBERS.slice(0, 2 + upTo(random, 2));
  const end = ending ? " | user with expiration" : "";
  const text = [
    "use expiration",
    "use self",
    "definition user {}",
    "definition node {",
    ...USERS.map((name) => `  relation ${name}: user${end}`),
    `  relation left: node${ending ? " | node with expiration" : ""}`,
    `  relation right: node | node#${pick(random, members)}`,
    `  relation crowd: user | node#${pick(random, members)} | node#crowd`,
    ...members.map((name) => `  permission ${name} = ${randomExpression(random, members, 0)}`),
    "}",
  ].join("\n");
  const { schema } = compileSchema(text);
  if (schema === undefined) return undefined;
  const ids = Array.from({ length: 3 + upTo(random, 6) }, (_, index) => `n${index}`);
  return { text, schema, tuples: randomTuples(random, schema, ids), ids, members: [...USERS, "crowd", ...members] };
}

function randomExpression(random: Random, members: readonly string[], depth: number): string {
  if (depth < 3 && random() < 0.75) {
    const part = () => randomExpression(random, members, depth + 1);
    if (random() < 0.1) return `(${part()} - ${pick(random, USERS)})`;
    return `(${part()} ${random() < 0.5 ? "&" : "+"} ${part()})`;
  }
  const draw = random();
  if (draw < 0.35) return pick(random, USERS);
  if (draw < 0.45) return "crowd";
  if (draw < 0.65) return pick(random, members);
  const [way, member] = [pick(random, WAYS), pick(random, members)];
  return random() < 0.15 ? `${way}.all(${member})` : `${way}->${member}`;
}

function randomTuples(random: Random, schema: Schema, ids: readonly string[]): readonly Tuple[] {
  const tuples = new Map<string, Tuple>();
  const node = schema.definitions.get("node");
  for (const member of node?.members.values() ?? []) {
    if (member.kind !== "relation") continue;
    for (let i = upTo(random, 2 * ids.length); i > 0; i--) {
      const { type, relation, expiration } = pick(random, member.allowed);
      const subject = type === "user" ? `user:${pick(random, ["u1", "u2"])}` : `node:${pick(random, ids)}`;
      const key = `node:${pick(random, ids)}#${member.name}@${subject}${relation === "" ? "" : `#${relation}`}`;
      tuples.set(key, parseTuple(expiration ? `${key}[expiration:2040-01-01T00:00:00Z]` : key));
    }
  }
  return [...tuples.values()];
}
