import type { Decision } from "../../model/decision.ts";
import type { Style } from "../style.ts";
import { renderTree } from "../tree/render-tree.ts";
import { renderSpot } from "../yaml/spot.ts";
import type { RelationOutcome } from "./compare-relations.ts";
import type { AssertionOutcome } from "./evaluate.ts";

/** What failed, as a diff: `-` is what the file says, `+` what is so. Below a wrong decision the reasons for it. */
export function assertionFailure(
  { assertion, got, message, explanation }: AssertionOutcome,
  style: Style,
): readonly string[] {
  const found = got === undefined ? `no answer: ${message}` : decisionOf(got);
  const tree = explanation === undefined ? [] : renderTree(explanation.nodes, { style });
  return [
    ...renderSpot(assertion.spot, style),
    style.green(`- expected ${assertion.expected}`),
    style.red(`+ got      ${found}`),
    ...tree,
    ...(explanation?.truncated === true ? [style.dim("… and more")] : []),
  ];
}

/** Allowed and denied are as they are; of conditional one wants to know what is missing. */
function decisionOf(got: Decision): string {
  return got.kind === "conditional" ? `conditional: needs ${got.missing.join(", ")}` : got.kind;
}

export function relationFailure(
  { expected, message, missing, extra }: RelationOutcome,
  style: Style,
): readonly string[] {
  if (message !== "") return [...renderSpot(expected.spot, style), style.red(`+ got      no answer: ${message}`)];
  return [
    ...renderSpot(expected.spot, style),
    ...missing.map(({ line, spot }) => `${style.green(`- ${line}`)} ${style.dim(`(line ${spot.line})`)}`),
    ...extra.map((line) => style.red(`+ ${line}`)),
  ];
}
