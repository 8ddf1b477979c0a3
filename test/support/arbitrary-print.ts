import type { Draft, DraftExpression } from "./arbitrary.ts";
import { printCaveat } from "./arbitrary-caveats.ts";

export function printSchema(draft: Draft): string {
  return [...usesOf(draft), ...caveatsOf(draft).map(printCaveat), ...printDefinitions(draft)].join("\n").concat("\n");
}

export function printDefinitions({ types }: Draft): readonly string[] {
  return types.map(({ name, relations, permissions }) =>
    [
      `definition ${name} {`,
      ...relations.map((relation) => `  relation ${relation.name}: ${relation.allowed.join(" | ")}`),
      ...permissions.map((permission) => `  permission ${permission.name} = ${printExpression(permission.expression)}`),
      "}",
    ].join("\n"),
  );
}

export function caveatsOf(draft: Draft): readonly string[] {
  return [...new Set(traitsOf(draft).filter((trait) => trait !== "expiration"))];
}

function usesOf(draft: Draft): readonly string[] {
  const usesSelf = draft.types.some(({ permissions }) =>
    permissions.some(({ expression }) => mentionsSelf(expression)),
  );
  const usesExpiration = traitsOf(draft).includes("expiration");
  return [...(usesSelf ? ["use self"] : []), ...(usesExpiration ? ["use expiration"] : [])];
}

function traitsOf({ types }: Draft): readonly string[] {
  return types
    .flatMap(({ relations }) => relations.flatMap(({ allowed }) => allowed))
    .flatMap((allowed) => (allowed.split(" with ")[1] ?? "").split(" and "))
    .filter((trait) => trait !== "");
}

function mentionsSelf(expression: DraftExpression): boolean {
  return expression.kind === "leaf" ? expression.text === "self" : expression.parts.some(mentionsSelf);
}

function printExpression(expression: DraftExpression): string {
  if (expression.kind === "leaf") return expression.text;
  return expression.parts
    .map((part) => (part.kind === "leaf" ? part.text : `(${printExpression(part)})`))
    .join(` ${expression.operator} `);
}
