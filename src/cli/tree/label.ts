import { unreachable } from "../../errors.ts";
import { formatObject } from "../../model/object.ts";
import { formatTimestamp } from "../../model/timestamp.ts";
import type { ExplainedCaveat, TreeNode, TreePart } from "../../model/tree.ts";
import type { Tuple } from "../../model/tuple.ts";
import { formatTuple } from "../../model/tuple-text.ts";
import { printable } from "../printable.ts";
import type { Style } from "../style.ts";

/** How a node stands in the tree, which the node alone does not know. */
export interface Standing {
  readonly subtracted: boolean;
  /** For a node with `sameAs`: the earlier one is above it on its own way, or somewhere else. */
  readonly repeats: "cycle" | "elsewhere" | undefined;
}

/** One line for a node. */
export function labelOf(node: TreeNode, { subtracted, repeats }: Standing, style: Style): string {
  const words = [
    ...(subtracted ? [style.dim("but not")] : []),
    ...(node.result === undefined ? [] : [markOf(node.result, style)]),
    wordsFor(node.what, style),
    ...(repeats === undefined ? [] : [style.dim(repeats === "cycle" ? "(a cycle: see above)" : "(see above)")]),
  ];
  return words.join(" ");
}

export function markOf(result: NonNullable<TreeNode["result"]>, style: Style): string {
  switch (result) {
    case "allowed":
      return style.green("✓");
    case "denied":
      return style.red("✗");
    case "conditional":
      return style.yellow("?");
    default:
      return unreachable(result);
  }
}

function wordsFor(what: TreePart, style: Style): string {
  switch (what.kind) {
    case "member":
      return `${formatObject(what.object)}#${what.member}`;
    case "union":
      return style.dim("any of");
    case "intersection":
      return style.dim("all of");
    case "exclusion":
      return style.dim("the first, but not the rest");
    case "nil":
      return style.dim("nil, which is nobody");
    case "self":
      return `self, which is ${formatObject(what.object)}`;
    case "arrow":
      return what.quantifier === "any" ? `${what.tupleset}->${what.target}` : `${what.tupleset}.all(${what.target})`;
    case "tuple":
      return printable(formatTuple(what.tuple));
    case "no_tuple":
      return what.expired ? expired(what.tuple, style) : style.dim(`no tuple ${formatTuple(what.tuple)}`);
    default:
      return unreachable(what);
  }
}

function expired({ expiresAtMs, ...tuple }: Tuple, style: Style): string {
  const when = expiresAtMs === undefined ? "" : ` ${formatTimestamp(expiresAtMs)}`;
  return `${printable(formatTuple(tuple))} ${style.yellow(`expired${when}`)}`;
}

/** Lines below a node's own: its caveat with what it was given and what it came to. */
export function detailsOf(node: TreeNode, style: Style): readonly string[] {
  if (node.what.kind !== "tuple" || node.what.caveat === undefined) return [];
  const { name, expression, context, result } = node.what.caveat;
  const given = Object.keys(context).length === 0 ? "without values" : `with ${printable(JSON.stringify(context))}`;
  return [style.dim(`caveat ${name}: ${printable(expression)}`), `${style.dim(`${given}:`)} ${cameTo(result, style)}`];
}

function cameTo(result: ExplainedCaveat["result"], style: Style): string {
  switch (result.kind) {
    case "true":
      return style.green("true");
    case "false":
      return style.red("false");
    case "missing":
      return style.yellow(`needs ${result.names.join(", ")}`);
    case "failed":
      return style.red(`failed: ${printable(result.error.message)}`);
    default:
      return unreachable(result);
  }
}
