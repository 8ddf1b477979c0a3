import type { RelationNode } from "./ast.ts";
import type { Names } from "./names.ts";

/** The object types that a tupleset's tuples lead to and that have the target; the others add nobody. */
export type ArrowResolver = (tupleset: RelationNode, target: string) => readonly string[];

/**
 * Always walks the smaller of "types the tupleset allows" and "types that have the target": a schema of some MB with a
 * thousand types times a thousand targets would take minutes otherwise.
 */
export function createArrowResolver(names: Names): ArrowResolver {
  const having = new Map<string, Set<string>>();
  for (const [type, definition] of names.definitions) {
    for (const name of definition.members.keys()) {
      const types = having.get(name) ?? new Set();
      having.set(name, types);
      types.add(type);
    }
  }
  const allowed = new Map<RelationNode, Set<string>>();

  return (tupleset, target) => {
    const leadsTo = allowed.get(tupleset) ?? arrowTypes(tupleset);
    allowed.set(tupleset, leadsTo);
    const withTarget = having.get(target) ?? new Set();
    const [small, large] = leadsTo.size < withTarget.size ? [leadsTo, withTarget] : [withTarget, leadsTo];
    return [...small].filter((type) => large.has(type));
  };
}

/** The object types an arrow over this relation can lead to: the subject's relation is ignored, a wildcard leads nowhere. */
export function arrowTypes(tupleset: RelationNode): Set<string> {
  return new Set(tupleset.types.filter((ref) => !ref.wildcard).map((ref) => ref.type.text));
}
