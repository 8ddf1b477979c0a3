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
    const below = new Below(roots, (node, visit) => {
      for (let edge = node.children; edge !== undefined; edge = edge.nextChild) {
        if (edge.child.value === CONDITIONAL) visit(edge.child);
      }
    });
    const holders = new Map<string, Seed<string>[]>();
    const failures: Seed<RelataError>[] = [];
    this.#eachLeaf(below, (node, { value, missing, failure }) => {
      if (value !== CONDITIONAL) return;
      if (failure !== undefined) failures.push({ node, label: failure });
      for (const name of missing ?? []) {
        const seeds = holders.get(name);
        if (seeds === undefined) holders.set(name, [{ node, label: name }]);
        else seeds.push({ node, label: name });
      }
    });
    const names = [...holders].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const reached = names.map(([name, seeds]) => ({ name, by: below.carryUp(seeds) }));
    failures.sort((a, b) => (a.label.message < b.label.message ? -1 : a.label.message > b.label.message ? 1 : 0));
    const failed = below.carryUp(failures);
    return (root) => ({
      missing: reached.filter(({ by }) => by(root) !== undefined).map(({ name }) => name),
      failure: failed(root),
    });
  }

  /**
   * For settled roots: an instant before which nothing they rest on ends; undefined when nothing does. Never later than
   * the first change of the root's decision, often earlier: another input may take over.
   *
   * A node that one input decided rests on that input (which had settled before, so support never runs in a circle);
   * any other node on all its inputs, and so does one that was closed with its cycle.
   */
  endsAt(roots: Iterable<Node>): (root: Node) => number | undefined {
    if (!this.#sawExpiry) return () => undefined;
    const below = new Below(roots, (node, visit) => {
      if (node.value === node.operator && !node.closed) {
        if (node.decider !== undefined) visit(node.decider);
        return;
      }
      for (let edge = node.children; edge !== undefined; edge = edge.nextChild) visit(edge.child);
    });
    const seeds: Seed<number>[] = [];
    this.#eachLeaf(below, (node, { expiresAtMs, decides, vanishes }) => {
      if (expiresAtMs === undefined || !(decides || vanishes || node.value !== node.operator)) return;
      seeds.push({ node, label: expiresAtMs });
    });
    return below.carryUp(seeds.sort((a, b) => a.label - b.label));
  }

  #eachLeaf({ nodes }: Below, take: (node: Node, leaf: Leaf) => void): void {
    for (const node of nodes) for (const leaf of this.#leaves.get(node) ?? []) take(node, leaf);
  }
}

interface Seed<Label> {
  readonly node: Node;
  readonly label: Label;
}

const NONE = -1;

/** All nodes that roots rest on, numbered, with who is directly above each. */
class Below {
  readonly nodes: readonly Node[];
  readonly #numbers = new Map<Node, number>();
  /** Lists of the nodes above, by node: `#firsts` and `#nexts` are places in `#above`. */
  readonly #firsts: number[] = [];
  readonly #above: number[] = [];
  readonly #nexts: number[] = [];

  constructor(roots: Iterable<Node>, eachBelow: (node: Node, visit: (child: Node) => void) => void) {
    const nodes: Node[] = [];
    const number = (node: Node): number => {
      let at = this.#numbers.get(node);
      if (at === undefined) {
        at = nodes.push(node) - 1;
        this.#numbers.set(node, at);
        this.#firsts.push(NONE);
      }
      return at;
    };
    for (const root of roots) number(root);
    let parent = 0;
    const visit = (child: Node) => {
      const at = number(child);
      this.#nexts.push(this.#firsts[at] as number);
      this.#firsts[at] = this.#above.push(parent) - 1;
    };
    // Grows while it is walked.
    for (; parent < nodes.length; parent++) eachBelow(nodes[parent] as Node, visit);
    this.nodes = nodes;
  }

  /** @returns for every node at or above a seed the label of the first such seed */
  carryUp<Label>(seeds: readonly Seed<Label>[]): (node: Node) => Label | undefined {
    const labels = new Array<Label | undefined>(seeds.length === 0 ? 0 : this.nodes.length);
    const pending: number[] = [];
    for (const { node: seed, label } of seeds) {
      const start = this.#numbers.get(seed) as number;
      if (labels[start] !== undefined) continue;
      labels[start] = label;
      pending.push(start);
      for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        for (let at = this.#firsts[node] as number; at !== NONE; at = this.#nexts[at] as number) {
          const parent = this.#above[at] as number;
          if (labels[parent] !== undefined) continue;
          labels[parent] = label;
          pending.push(parent);
        }
      }
    }
    return (node) => {
      const number = this.#numbers.get(node);
      return number === undefined ? undefined : labels[number];
    };
  }
}
