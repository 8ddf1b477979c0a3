import type { RelataError } from "../errors.ts";
import { CONDITIONAL } from "./formula.ts";
import type { Node } from "./problem.ts";
import type { Judged } from "./traits.ts";

/** What a tuple with a caveat or an expiry was, as an input of a node. */
interface Leaf extends Judged {
  /** It decided the node alone. */
  readonly decides: boolean;
  /** When the tuple ends, the node is no input of its parent any more: a tuple under `.all`. */
  readonly vanishes: boolean;
}

/** Why an undecided question is undecided. */
export interface Undecided {
  /** Parameters nobody gave, sorted. */
  readonly missing: readonly string[];
  /** A caveat that the question rests on and that cannot be evaluated; the first of them by its message. */
  readonly failure: RelataError | undefined;
}

/**
 * What conditional and expiring tuples brought into a formula, and what of it the settled nodes rest on. Everything is
 * worked out once for all roots, by walks over nodes and edges with a stack of their own.
 */
export class Grounds {
  readonly #leaves = new Map<Node, Leaf[]>();
  #sawExpiry = false;

  add(node: Node, judged: Judged, how: { readonly decides: boolean; readonly vanishes: boolean }): void {
    const leaf = { ...judged, ...how };
    if (judged.expiresAtMs !== undefined) this.#sawExpiry = true;
    const leaves = this.#leaves.get(node);
    if (leaves === undefined) this.#leaves.set(node, [leaf]);
    else leaves.push(leaf);
  }

  /**
   * For conditional roots: what could decide them. A conditional node rests on all its conditional inputs, and on
   * nothing else. Each parameter is carried up by itself, so the work is nodes times the parameters that are missing.
   */
  undecided(roots: Iterable<Node>): (root: Node) => Undecided {
    const { parents, nodes } = downFrom(roots, function* (node) {
      for (let edge = node.children; edge !== undefined; edge = edge.nextChild) {
        if (edge.child.value === CONDITIONAL) yield edge.child;
      }
    });
    const holders = new Map<string, Seed<string>[]>();
    const failures: Seed<RelataError>[] = [];
    for (const node of nodes) {
      for (const { value, missing, failure } of this.#leaves.get(node) ?? []) {
        if (value !== CONDITIONAL) continue;
        if (failure !== undefined) failures.push({ node, label: failure });
        for (const name of missing ?? []) {
          const seeds = holders.get(name);
          if (seeds === undefined) holders.set(name, [{ node, label: name }]);
          else seeds.push({ node, label: name });
        }
      }
    }
    const names = [...holders].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const reached = names.map(([name, seeds]) => ({ name, by: carryUp(parents, seeds) }));
    failures.sort((a, b) => (a.label.message < b.label.message ? -1 : a.label.message > b.label.message ? 1 : 0));
    const failed = carryUp(parents, failures);
    return (root) => ({
      missing: reached.filter(({ by }) => by.has(root)).map(({ name }) => name),
      failure: failed.get(root),
    });
  }

  /**
   * For settled roots: an instant before which nothing they rest on ends; undefined when nothing does. Never later than
   * the first change of the root's decision, often earlier: another input may take over.
   *
   * A node that one input decided rests on that input (which had settled before, so support never runs in a circle);
   * any other node on all its inputs.
   */
  endsAt(roots: Iterable<Node>): (root: Node) => number | undefined {
    if (!this.#sawExpiry) return () => undefined;
    const { parents, nodes } = downFrom(roots, restsOn);
    const seeds: Seed<number>[] = [];
    for (const node of nodes) {
      for (const { expiresAtMs, decides, vanishes } of this.#leaves.get(node) ?? []) {
        if (expiresAtMs === undefined || !(decides || vanishes || node.value !== node.operator)) continue;
        seeds.push({ node, label: expiresAtMs });
      }
    }
    const ends = carryUp(
      parents,
      seeds.sort((a, b) => a.label - b.label),
    );
    return (root) => ends.get(root);
  }
}

function* restsOn(node: Node): Generator<Node> {
  if (node.value === node.operator) {
    if (node.decider !== undefined) yield node.decider;
    return;
  }
  for (let edge = node.children; edge !== undefined; edge = edge.nextChild) yield edge.child;
}

interface Seed<Label> {
  readonly node: Node;
  readonly label: Label;
}

/** All nodes below the roots, and who is directly above each. */
function downFrom(roots: Iterable<Node>, below: (node: Node) => Iterable<Node>) {
  const parents = new Map<Node, Node[]>();
  const nodes = new Set<Node>(roots);
  const pending = [...nodes];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const child of below(node)) {
      const above = parents.get(child);
      if (above === undefined) parents.set(child, [node]);
      else above.push(node);
      if (nodes.has(child)) continue;
      nodes.add(child);
      pending.push(child);
    }
  }
  return { parents, nodes };
}

/** Gives every node above a seed the label of the first seed that it is above of. */
function carryUp<Label>(
  parents: ReadonlyMap<Node, readonly Node[]>,
  seeds: readonly Seed<Label>[],
): ReadonlyMap<Node, Label> {
  const labels = new Map<Node, Label>();
  const pending: Node[] = [];
  for (const { node: seed, label } of seeds) {
    if (labels.has(seed)) continue;
    labels.set(seed, label);
    pending.push(seed);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      for (const parent of parents.get(node) ?? []) {
        if (labels.has(parent)) continue;
        labels.set(parent, label);
        pending.push(parent);
      }
    }
  }
  return labels;
}
