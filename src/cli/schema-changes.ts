import type { Style } from "./style.ts";

/** A change as the compiler or the server tells it. */
export interface ShownChange {
  readonly kind: string;
  readonly definition: string;
  readonly member: string;
  readonly message: string;
  readonly breaking: boolean;
  /** A stored tuple in the way; empty when none is known. */
  readonly exampleTuple: string;
}

/** `+` adds, `-` removes, `~` changes, `!` may strand stored tuples. */
export function renderChanges(changes: readonly ShownChange[], style: Style): string {
  if (changes.length === 0) return "no changes\n";
  return changes.map((change) => `${renderChange(change, style)}\n`).join("");
}

function renderChange({ kind, message, breaking, exampleTuple }: ShownChange, style: Style): string {
  const example = exampleTuple === "" ? "" : `\n    stands in the way: ${exampleTuple}`;
  if (breaking) return style.red(`! ${message} (breaking: refused while tuples need it)`) + example;
  if (kind.endsWith("-added")) return style.green(`+ ${message}`);
  if (kind.endsWith("-removed")) return style.red(`- ${message}`);
  return style.yellow(`~ ${message}`);
}
