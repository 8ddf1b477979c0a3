import type { Permission, Rewrite, Schema } from "../../src/model/schema.ts";

type Arrow = Extract<Rewrite, { kind: "arrow" }>;

/**
 * The types of objects that the arrow leads to and that have its target; and why OpenFGA cannot follow it: it walks to any of the
 * objects, and only over relations that hold nothing but objects.
 */
export function arrowTargets(
  schema: Schema,
  of: Permission,
  { quantifier, tupleset, target }: Arrow,
): { readonly targets: readonly string[]; readonly trouble: string | undefined } {
  const relation = schema.definitions.get(of.type)?.members.get(tupleset);
  const allowed = relation?.kind === "relation" ? relation.allowed : [];
  const targets = allowed
    .filter(({ type }) => schema.definitions.get(type)?.members.has(target))
    .map(({ type }) => type);
  const unfit = allowed.find(({ relation, wildcard }) => relation !== "" || wildcard);
  const subject = unfit && (unfit.wildcard ? `${unfit.type}:*` : `${unfit.type}#${unfit.relation}`);
  const where = `${of.type}#${of.name}`;
  if (quantifier === "all")
    return { targets, trouble: `${where}: OpenFGA has no arrow over all objects, as ${tupleset}.all(${target})` };
  if (subject === undefined) return { targets, trouble: undefined };
  return {
    targets,
    trouble: `${where}: OpenFGA has no arrow over a relation that may hold ${subject}, as ${tupleset} in ${tupleset}->${target}`,
  };
}
