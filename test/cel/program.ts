import { compileCaveat } from "../../src/cel/compile-caveat.ts";
import type { CaveatProgram, CaveatResult } from "../../src/model/caveat.ts";
import type { CaveatType } from "../../src/model/schema.ts";
import type { JsonObject } from "../../src/model/tuple.ts";

/** Compiles an expression over parameters given as `a int, l list<string>`; throws when it has problems. */
export function programOf(parameters: string, expression: string): CaveatProgram {
  const { program, problems } = compileCaveat({ name: "sample", parameters: parametersOf(parameters), expression });
  if (program === undefined) {
    throw new Error(`${expression}: ${problems.map(({ message }) => message).join("; ")}`);
  }
  return program;
}

/** What is wrong with an expression, one message each. */
export function problemsOf(parameters: string, expression: string): readonly string[] {
  const { problems } = compileCaveat({ name: "sample", parameters: parametersOf(parameters), expression });
  return problems.map(({ message }) => message);
}

/** `true`, `false`, `missing a, b`, or the reason and message of the failure. */
export function outcomeOf(program: CaveatProgram, request: JsonObject, written: JsonObject = {}): string {
  return describeResult(program.evaluate(written, request));
}

export function describeResult(result: CaveatResult): string {
  switch (result.kind) {
    case "true":
    case "false":
      return result.kind;
    case "missing":
      return `missing ${result.names.join(", ")}`;
    case "failed":
      return `${result.error.reason}: ${result.error.message}`;
  }
}

export function parametersOf(text: string): ReadonlyMap<string, CaveatType> {
  return new Map(
    text
      .split(", ")
      .filter(Boolean)
      .map((each) => {
        const [name = "", type = ""] = each.split(" ");
        return [name, typeOf(type)];
      }),
  );
}

function typeOf(text: string): CaveatType {
  const [, name = text, inner] = /^([a-z]+)<(.*)>$/.exec(text) ?? [];
  return { name, arguments: inner === undefined ? [] : [typeOf(inner)] };
}
