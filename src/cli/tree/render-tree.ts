import type { TreeNode } from "../../model/tree.ts";
import type { Style } from "../style.ts";
import { detailsOf, labelOf, markOf } from "./label.ts";

/** A node with more parts than this shows some and counts the rest. */
const MAX_PARTS = 20;
/** Lines this deep leave out the rails further left: a chain of 100,000 groups is as many lines, none wider than 100 columns of rails. */
const MAX_RAILS = 24;

export interface TreeOptions {
  readonly style: Style;
  /** Show every part of every node. */
  readonly full?: boolean;
}

/** A part on its way to being drawn, or what is done once it is. */
type Step =
  | { readonly kind: "part"; readonly index: number; readonly subtracted: boolean; readonly last: boolean }
  | { readonly kind: "hidden"; readonly indexes: readonly number[] }
  | { readonly kind: "leave"; readonly index: number };

/**
 * A tree of Expand or of an explanation, one line a node, with box-drawing rails. Nothing recurses: trees are as deep as
 * the data.
 * @param nodes parents before their parts, the root first
 */
export function renderTree(nodes: readonly TreeNode[], options: TreeOptions): readonly string[] {
  const { style } = options;
  const parts = partsOf(nodes);
  const lines: string[] = [];
  /** By level: whether the part drawn there has a sibling below it. */
  const rails: boolean[] = [];
  /** Nodes on the way from the root to where the pen is. */
  const open = new Set<number>();
  const steps: Step[] = nodes.length === 0 ? [] : [{ kind: "part", index: 0, subtracted: false, last: true }];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step.kind === "leave") {
      rails.pop();
      open.delete(step.index);
      continue;
    }
    const first = lines.length === 0;
    if (step.kind === "hidden") {
      lines.push(`${railText(rails)}└─ ${style.dim(`… and ${tally(step.indexes, nodes, style)}`)}`);
      continue;
    }
    const { index, subtracted } = soleContent(step, nodes, parts);
    const node = nodes[index];
    if (node === undefined) continue;
    const lead = first ? "" : `${railText(rails)}${step.last ? "└─ " : "├─ "}`;
    lines.push(lead + labelOf(node, { subtracted, repeats: repeatsOf(node, open) }, style));
    if (!first) rails.push(!step.last);
    const below = parts[index] ?? [];
    for (const detail of detailsOf(node, style)) {
      lines.push(`${railText(rails)}${below.length === 0 ? "  " : "│ "} ${detail}`);
    }
    open.add(index);
    // The root has no rail of its own, and nothing comes after it.
    if (!first) steps.push({ kind: "leave", index });
    // One by one: a million arguments are more than a call takes.
    for (const next of stepsInto(below, nodes, options.full === true).toReversed()) steps.push(next);
  }
  return lines;
}

function partsOf(nodes: readonly TreeNode[]): readonly (readonly number[])[] {
  const parts: number[][] = nodes.map(() => []);
  for (let index = 1; index < nodes.length; index++) parts[nodes[index]?.parent ?? 0]?.push(index);
  return parts;
}

/** "Any of" and "all of" a single part say nothing that the part does not. */
function soleContent(
  step: { readonly index: number; readonly subtracted: boolean },
  nodes: readonly TreeNode[],
  parts: readonly (readonly number[])[],
): { readonly index: number; readonly subtracted: boolean } {
  let { index, subtracted } = step;
  for (;;) {
    const kind = nodes[index]?.what.kind;
    const [only, ...others] = parts[index] ?? [];
    if ((kind !== "union" && kind !== "intersection") || only === undefined || others.length > 0) {
      return { index, subtracted };
    }
    index = only;
    subtracted ||= nodes[only]?.subtracted === true;
  }
}

function repeatsOf({ what }: TreeNode, open: ReadonlySet<number>): "cycle" | "elsewhere" | undefined {
  if (what.kind !== "member" || what.sameAs === undefined) return undefined;
  return open.has(what.sameAs) ? "cycle" : "elsewhere";
}

/** Of many parts those that hold come first into view; all keep their order. */
function stepsInto(below: readonly number[], nodes: readonly TreeNode[], full: boolean): readonly Step[] {
  const shown = full || below.length <= MAX_PARTS ? below : foremost(below, nodes);
  const hidden = shown.length === below.length ? [] : withoutThose(below, shown);
  const steps: Step[] = shown.map((index, at) => {
    const last = at === shown.length - 1 && hidden.length === 0;
    return { kind: "part", index, subtracted: nodes[index]?.subtracted === true, last };
  });
  return hidden.length === 0 ? steps : [...steps, { kind: "hidden", indexes: hidden }];
}

function foremost(below: readonly number[], nodes: readonly TreeNode[]): readonly number[] {
  const holds = (index: number) => !["denied", undefined].includes(nodes[index]?.result);
  const chosen = [...below.filter(holds), ...below.filter((index) => !holds(index))].slice(0, MAX_PARTS);
  return chosen.toSorted((a, b) => a - b);
}

function withoutThose(all: readonly number[], some: readonly number[]): readonly number[] {
  const taken = new Set(some);
  return all.filter((index) => !taken.has(index));
}

/** `480 more (2 ✓, 478 ✗)`, or `480 more` where nothing is evaluated. */
function tally(indexes: readonly number[], nodes: readonly TreeNode[], style: Style): string {
  const counts = (["allowed", "conditional", "denied"] as const)
    .map((result) => ({ result, n: indexes.filter((index) => nodes[index]?.result === result).length }))
    .filter(({ n }) => n > 0)
    .map(({ result, n }) => `${n.toLocaleString("en-US")} ${markOf(result, style)}`);
  const more = `${indexes.length.toLocaleString("en-US")} more`;
  return counts.length === 0 ? more : `${more} (${counts.join(", ")})`;
}

function railText(rails: readonly boolean[]): string {
  const hidden = rails.length - MAX_RAILS;
  const shown = hidden > 0 ? rails.slice(-MAX_RAILS) : rails;
  return (hidden > 0 ? `⋯${hidden} ` : "") + shown.map((goesOn) => (goesOn ? "│  " : "   ")).join("");
}
