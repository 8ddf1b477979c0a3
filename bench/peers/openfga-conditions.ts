import type { AllowedSubject, Caveat, CaveatType, Schema } from "../../src/model/schema.ts";
import type { OpenFgaCondition, ParameterType, TypeName } from "./openfga-format.ts";
import type { OpenFgaNames } from "./openfga-names.ts";

/**
 * Caveats as OpenFGA's conditions, which are CEL as well. It knows no end of a tuple: one with an end gets a condition that
 * compares the end with the time that whoever asks has put into the context, joined to its caveat if it has one.
 */
export interface OpenFgaConditions {
  /** What a tuple of this allowed type carries; undefined: nothing. */
  nameOf(allowed: Pick<AllowedSubject, "caveat" | "expiration">): string | undefined;
  /** Names in the context of a question, and of a tuple that ends. */
  readonly now: string;
  readonly end: string;
  /** By name; those that some relation allows. */
  readonly conditions: Readonly<Record<string, OpenFgaCondition>>;
  /** Whether any tuple may have an end. */
  readonly ends: boolean;
  readonly unsaid: readonly string[];
}

const TYPE_NAMES: ReadonlyMap<string, TypeName> = new Map([
  ["any", "TYPE_NAME_ANY"],
  ["bool", "TYPE_NAME_BOOL"],
  ["string", "TYPE_NAME_STRING"],
  ["int", "TYPE_NAME_INT"],
  ["uint", "TYPE_NAME_UINT"],
  ["double", "TYPE_NAME_DOUBLE"],
  ["duration", "TYPE_NAME_DURATION"],
  ["timestamp", "TYPE_NAME_TIMESTAMP"],
  ["map", "TYPE_NAME_MAP"],
  ["list", "TYPE_NAME_LIST"],
  ["ipaddress", "TYPE_NAME_IPADDRESS"],
]);
const MAX_EXPRESSION_BYTES = 512;

export function openFgaConditions(schema: Schema, names: OpenFgaNames): OpenFgaConditions {
  const allowed = schema.members.flatMap((member) => (member.kind === "relation" ? member.allowed : []));
  const [now, end] = [names.fresh("relata_now"), names.fresh("relata_end")];
  const ending = new Map<string, string>();
  for (const { caveat, expiration } of allowed) {
    if (expiration && !ending.has(caveat)) ending.set(caveat, names.fresh(`${caveat || "relata"}_unexpired`));
  }
  const made = new Map<string, OpenFgaCondition>();
  const unsaid = new Set<string>();
  const nameOf = ({ caveat, expiration }: Pick<AllowedSubject, "caveat" | "expiration">) =>
    expiration ? ending.get(caveat) : caveat === "" ? undefined : names.condition(caveat);
  for (const one of allowed) {
    const name = nameOf(one);
    if (name === undefined || made.has(name)) continue;
    const caveat = schema.caveats.get(one.caveat);
    const base = { name, ...spoken(caveat, unsaid) };
    made.set(name, one.expiration ? unexpired(base, now, end) : base);
    const bytes = Buffer.byteLength(made.get(name)?.expression ?? "");
    if (bytes > MAX_EXPRESSION_BYTES) {
      const what = one.caveat === "" ? `condition ${name}` : `caveat ${one.caveat}`;
      unsaid.add(
        `${what}: its expression has ${bytes} bytes, and a condition of OpenFGA at most ${MAX_EXPRESSION_BYTES}`,
      );
    }
  }
  return { nameOf, now, end, conditions: Object.fromEntries(made), ends: ending.size > 0, unsaid: [...unsaid] };
}

function spoken(caveat: Caveat | undefined, unsaid: Set<string>): Omit<OpenFgaCondition, "name"> {
  if (caveat === undefined) return { expression: "", parameters: {} };
  const parameters = [...caveat.parameters].map(([parameter, type]) => {
    const tell = (name: string) =>
      unsaid.add(`caveat ${caveat.name}: OpenFGA's conditions have no parameters of type ${name}, as ${parameter} is`);
    return [parameter, parameterType(type, tell)] as const;
  });
  return { expression: caveat.expression.trim(), parameters: Object.fromEntries(parameters) };
}

function parameterType(type: CaveatType, tell: (name: string) => void): ParameterType {
  const type_name = TYPE_NAMES.get(type.name);
  if (type_name === undefined) tell(type.name);
  return {
    type_name: type_name ?? "TYPE_NAME_ANY",
    ...(type.arguments.length === 0
      ? {}
      : { generic_types: type.arguments.map((argument) => parameterType(argument, tell)) }),
  };
}

function unexpired({ name, expression, parameters }: OpenFgaCondition, now: string, end: string): OpenFgaCondition {
  const instant = { type_name: "TYPE_NAME_TIMESTAMP" } as const;
  return {
    name,
    // The line break ends a comment at the end of the caveat's expression.
    expression: expression === "" ? `${now} < ${end}` : `(${expression}\n) && ${now} < ${end}`,
    parameters: { ...parameters, [now]: instant, [end]: instant },
  };
}
