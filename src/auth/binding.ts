import type { Binding } from "../model/trust.ts";

/** Finds the bindings of a proved subject. */
export type FindBindings = (issuer: string, subject: string) => readonly Binding[];

/** Exact subjects are looked up in a map; prefixes, few, are tried one by one. */
export function createBindingIndex(bindings: readonly Binding[]): FindBindings {
  const exact = Map.groupBy(
    bindings.filter((binding) => !isPrefix(binding.subject)),
    (binding) => key(binding.issuer, binding.subject),
  );
  const prefixes = Map.groupBy(
    bindings.filter((binding) => isPrefix(binding.subject)),
    (binding) => binding.issuer,
  );
  return (issuer, subject) => [
    ...(exact.get(key(issuer, subject)) ?? []),
    ...(prefixes.get(issuer) ?? []).filter((binding) => subject.startsWith(prefixOf(binding.subject))),
  ];
}

/** Whether some subject could match both patterns. */
export function patternsOverlap(left: string, right: string): boolean {
  if (isPrefix(left) && isPrefix(right)) {
    return prefixOf(left).startsWith(prefixOf(right)) || prefixOf(right).startsWith(prefixOf(left));
  }
  if (isPrefix(left)) return right.startsWith(prefixOf(left));
  return isPrefix(right) ? left.startsWith(prefixOf(right)) : left === right;
}

function isPrefix(pattern: string): boolean {
  return pattern.endsWith("*");
}

function prefixOf(pattern: string): string {
  return pattern.slice(0, -1);
}

function key(issuer: string, subject: string): string {
  return JSON.stringify([issuer, subject]);
}
