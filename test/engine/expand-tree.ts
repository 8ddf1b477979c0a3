import type { ExpandPlace, ExpandQuestion } from "../../src/engine/expand.ts";
import { Expansion } from "../../src/engine/expand.ts";
import type { EvaluationLimits } from "../../src/engine/limits.ts";
import type { TupleSource } from "../../src/model/need.ts";
import type { SubjectRef } from "../../src/model/object.ts";
import { formatObject } from "../../src/model/object.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { TreeNode } from "../../src/model/tree.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";

export interface ExpandedPage {
  readonly nodes: readonly TreeNode[];
  readonly next: ExpandPlace | undefined;
}

export interface ExpandSettings {
  readonly nowMs?: number;
  readonly limit?: number;
  readonly limits?: EvaluationLimits;
}

const PLENTY = { maxNodes: 1_000_000, maxRows: 1_000_000 };

export async function expandPage(
  schema: Schema,
  source: Pick<TupleSource, "scanSubjects">,
  question: ExpandQuestion,
  { nowMs = 0, limit = 1_000_000, limits = PLENTY, from = { index: 0 } }: ExpandSettings & { from?: ExpandPlace },
): Promise<ExpandedPage> {
  const expansion = new Expansion(schema, question, { nowMs, from, limit, limits });
  for (let read = expansion.read; read !== undefined; read = expansion.read) {
    expansion.feed(await source.scanSubjects(read.scans, read.limit));
  }
  return { nodes: expansion.nodes, next: expansion.next };
}

/** All pages, one after another. */
export async function expandWhole(
  schema: Schema,
  source: Pick<TupleSource, "scanSubjects">,
  question: ExpandQuestion,
  settings: ExpandSettings = {},
): Promise<readonly TreeNode[]> {
  const nodes: TreeNode[] = [];
  let from: ExpandPlace | undefined = { index: 0 };
  while (from !== undefined) {
    const page: ExpandedPage = await expandPage(schema, source, question, { ...settings, from });
    for (const node of page.nodes) nodes.push(node);
    from = page.next;
  }
  return nodes;
}

/** One line a node, indented as the tree is. */
export function drawTree(nodes: readonly TreeNode[]): string[] {
  const parts = nodes.map((): number[] => []);
  nodes.forEach(({ parent }, index) => {
    if (index > 0) parts[parent]?.push(index);
  });
  const lines: string[] = [];
  const pending = nodes.length === 0 ? [] : [{ index: 0, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { index, depth } = next;
    lines.push(`${"  ".repeat(depth)}${drawNode(nodes[index] as TreeNode)}`);
    for (const part of (parts[index] as number[]).toReversed()) pending.push({ index: part, depth: depth + 1 });
  }
  return lines;
}

function drawNode({ what, subtracted }: TreeNode): string {
  const minus = subtracted === true ? "- " : "";
  switch (what.kind) {
    case "member": {
      const known = what.sameAs === undefined ? "" : ` (= ${what.sameAs})`;
      return `${minus}${formatObject(what.object)}#${what.member}${known}`;
    }
    case "tuple":
      return `${minus}${formatTuple(what.tuple)}`;
    case "arrow":
      return `${minus}${what.tupleset}.${what.quantifier}(${what.target})`;
    case "self":
      return `${minus}self ${formatObject(what.object)}`;
    default:
      return `${minus}${what.kind}`;
  }
}

/** Which of a tree's nodes hold a subject: certainly, and possibly, as long as nothing is known of any caveat. */
export function evaluateTree(nodes: readonly TreeNode[], subject: SubjectRef): "allowed" | "denied" | "conditional" {
  const parts = nodes.map((): number[] => []);
  nodes.forEach(({ parent }, index) => {
    if (index > 0) parts[parent]?.push(index);
  });
  // What is subtracted is taken from the other reading, and the two are made anew until neither changes any more.
  let certainly = nodes.map(() => false);
  let possibly = certainly;
  for (;;) {
    const nextPossibly = leastFixpoint(nodes, parts, subject, { caveats: true, subtract: certainly });
    const nextCertainly = leastFixpoint(nodes, parts, subject, { caveats: false, subtract: nextPossibly });
    const stable = same(nextPossibly, possibly) && same(nextCertainly, certainly);
    [possibly, certainly] = [nextPossibly, nextCertainly];
    if (stable) break;
  }
  return certainly[0] === true ? "allowed" : possibly[0] === true ? "conditional" : "denied";
}

interface Reading {
  /** What tuples with a caveat are taken for. */
  readonly caveats: boolean;
  /** The values of what is subtracted. */
  readonly subtract: readonly boolean[];
}

function leastFixpoint(
  nodes: readonly TreeNode[],
  parts: readonly (readonly number[])[],
  subject: SubjectRef,
  reading: Reading,
): boolean[] {
  const holds = nodes.map(() => false);
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = nodes.length - 1; index >= 0; index--) {
      if (holds[index] === true || !holdsNode(nodes, parts, index, subject, holds, reading)) continue;
      holds[index] = true;
      changed = true;
    }
  }
  return holds;
}

function holdsNode(
  nodes: readonly TreeNode[],
  parts: readonly (readonly number[])[],
  index: number,
  subject: SubjectRef,
  holds: readonly boolean[],
  { caveats, subtract }: Reading,
): boolean {
  const { what } = nodes[index] as TreeNode;
  const inside = parts[index] as readonly number[];
  const some = inside.some((part) => holds[part] === true);
  const every = inside.every((part) => holds[part] === true);
  switch (what.kind) {
    case "member": {
      const { object, member, sameAs } = what;
      if (object.type === subject.type && object.id === subject.id && member === subject.relation) return true;
      return sameAs === undefined ? some : holds[sameAs] === true;
    }
    case "union":
      return some;
    case "intersection":
      return every;
    case "exclusion":
      return inside.every((part) =>
        nodes[part]?.subtracted === true ? subtract[part] !== true : holds[part] === true,
      );
    case "arrow":
      return what.quantifier === "any" ? some : inside.length > 0 && every;
    case "self":
      return what.object.type === subject.type && what.object.id === subject.id && subject.relation === "";
    case "tuple": {
      const { tuple } = what;
      if (tuple.caveat !== undefined && !caveats) return false;
      const above = nodes[nodes[index]?.parent ?? 0]?.what.kind;
      if (above === "arrow" || tuple.subjectRelation !== "") return some;
      if (tuple.subjectType !== subject.type || subject.relation !== "") return false;
      return tuple.subjectId === subject.id || tuple.subjectId === "*";
    }
    default:
      return false;
  }
}

function same(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.every((value, index) => value === b[index]);
}
