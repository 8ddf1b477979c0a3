import { IntRecords } from "./int-records.ts";

/**
 * Three truth values and "not known yet". Negation is `4 - value`. CONDITIONAL: depends on context nobody gave.
 * Nothing stored is conditional yet; a conditional tuple will be one more `offer(node, CONDITIONAL)`.
 */
export const UNSETTLED = 0;
export const FALSE = 1;
export const CONDITIONAL = 2;
export const TRUE = 3;

/** An operator is named by the value that decides it alone: TRUE decides a disjunction, FALSE a conjunction. */
export const ANY = TRUE;
export const ALL = FALSE;

export function not(value: number): number {
  return 4 - value;
}

// A node.
const VALUE = 0;
const OPERATOR = 1;
/** Inputs that have not settled: edges and expected ones. At 0 the node settles. */
const OPEN = 2;
/** The part of OPEN that the outside will offer. */
const EXPECTED = 3;
/** Edges from live parents. At 0 nobody needs the node. */
const WANTED = 4;
const FLAGS = 5;
const LEVEL = 6;
const PARENTS = 7;
const CHILDREN = 8;
/** The owner's own number. */
const TAG = 9;
const NODE_CELLS = 10;

const LIVE = 1;
const DROPPED_ONCE = 2;
const SAW_CONDITIONAL = 4;

// An edge, in two lists: the child's (its parents) and the parent's (its children).
const PARENT = 0;
const CHILD = 1;
const NEGATED = 2;
const NEXT_PARENT = 3;
const NEXT_CHILD = 4;
const EDGE_CELLS = 5;

/** Which levels hold cycles, and how many levels there are; level n depends only on levels up to n. */
export interface Levels {
  readonly count: number;
  readonly recursive: Uint8Array;
}

/**
 * A growing formula of and, or and not that settles from the leaves as inputs arrive: least fixpoint, three-valued.
 * Every node and edge is handled a bounded number of times (created, settled, dropped once, woken again once), so all
 * the work is linear in their number however many rounds feed it. Nothing recurses.
 *
 * A node is live while a live unsettled parent (or the root's holder) wants it. `takeWoken` names nodes that became
 * live: the owner then adds their inputs. A node that was dropped and wanted again is kept from then on: dropping and
 * waking the same part over and over would not be linear. A dropped cycle keeps itself live; that costs work, never truth.
 */
export class Formula {
  readonly #nodes = new IntRecords(NODE_CELLS);
  readonly #edges = new IntRecords(EDGE_CELLS);
  readonly #settled: number[] = [];
  readonly #woken: number[] = [];
  readonly #stack: number[] = [];
  readonly #levels: Levels;
  /** Per level: inputs still expected by live nodes. */
  readonly #expected: Int32Array;
  /** Per recursive level: nodes that may have to be closed. */
  readonly #unfounded = new Map<number, number[]>();
  #closing = -1;

  constructor(levels: Levels) {
    this.#levels = levels;
    this.#expected = new Int32Array(levels.count);
  }

  get size(): number {
    return this.#nodes.count;
  }

  /**
   * A node with one expected input, so that it cannot settle before its owner says it is complete (`release`).
   * @param tag the owner's own number, see `takeTag`; 0 is none
   */
  add(operator: typeof ANY | typeof ALL, level: number, tag: number): number {
    const node = this.#nodes.add();
    this.#nodes.set(node, TAG, tag);
    this.#nodes.set(node, OPERATOR, operator);
    this.#nodes.set(node, LEVEL, level);
    this.#nodes.set(node, OPEN, 1);
    this.#nodes.set(node, EXPECTED, 1);
    return node;
  }

  value(node: number): number {
    return this.#nodes.get(node, VALUE);
  }

  /** The node's tag, the first time; 0 from then on. */
  takeTag(node: number): number {
    const tag = this.#nodes.get(node, TAG);
    this.#nodes.set(node, TAG, 0);
    return tag;
  }

  /** Unsettled and wanted: worth reading for. */
  isLive(node: number): boolean {
    return this.value(node) === UNSETTLED && (this.#nodes.get(node, FLAGS) & LIVE) !== 0;
  }

  /** Holds a node live from outside: the root. */
  want(node: number): void {
    this.#nodes.bump(node, WANTED, 1);
    if ((this.#nodes.get(node, FLAGS) & LIVE) === 0) this.#wake(node);
  }

  /** A node that became live and is still; 0 when there is none. */
  takeWoken(): number {
    for (let node = this.#woken.pop(); node !== undefined; node = this.#woken.pop()) {
      if (this.isLive(node)) return node;
    }
    return 0;
  }

  /** Makes `child` an input of `parent`. The parent must still expect something (see `add`, `expect`). */
  connect(parent: number, child: number, negated: boolean): void {
    if (this.value(parent) !== UNSETTLED) return;
    const value = this.value(child);
    if (value !== UNSETTLED) {
      this.input(parent, negated ? not(value) : value);
      return;
    }
    const edges = this.#edges;
    const edge = edges.add();
    edges.set(edge, PARENT, parent);
    edges.set(edge, CHILD, child);
    edges.set(edge, NEGATED, negated ? 1 : 0);
    edges.set(edge, NEXT_PARENT, this.#nodes.get(child, PARENTS));
    edges.set(edge, NEXT_CHILD, this.#nodes.get(parent, CHILDREN));
    this.#nodes.set(child, PARENTS, edge);
    this.#nodes.set(parent, CHILDREN, edge);
    this.#nodes.bump(parent, OPEN, 1);
    if (this.isLive(parent)) this.want(child);
  }

  /** One more input will be offered from outside. */
  expect(node: number): void {
    this.#nodes.bump(node, OPEN, 1);
    this.#nodes.bump(node, EXPECTED, 1);
    if (this.isLive(node)) this.#bumpExpected(node, 1);
  }

  /** An expected input arrives. */
  offer(node: number, value: number): void {
    if (this.value(node) !== UNSETTLED) return;
    this.#nodes.bump(node, EXPECTED, -1);
    if (this.isLive(node)) this.#bumpExpected(node, -1);
    this.#arrive(node, value);
  }

  /** An expected input turned out to add nothing by itself. */
  release(node: number): void {
    this.offer(node, not(this.#nodes.get(node, OPERATOR)));
  }

  /** An input nobody waited for: it can decide the node, but not complete it. */
  input(node: number, value: number): void {
    if (this.value(node) !== UNSETTLED) return;
    if (value === this.#nodes.get(node, OPERATOR)) this.settle(node, value);
    else if (value === CONDITIONAL) this.#sawConditional(node);
  }

  settle(node: number, value: number): void {
    if (this.isLive(node)) this.#bumpExpected(node, -this.#nodes.get(node, EXPECTED));
    this.#nodes.set(node, VALUE, value);
    this.#settled.push(node);
  }

  /** Carries what has settled to parents, and lets go of children no longer wanted. */
  propagate(): void {
    const nodes = this.#nodes;
    const edges = this.#edges;
    for (let node = this.#settled.pop(); node !== undefined; node = this.#settled.pop()) {
      const value = this.value(node);
      for (let edge = nodes.get(node, PARENTS); edge !== 0; edge = edges.get(edge, NEXT_PARENT)) {
        const parent = edges.get(edge, PARENT);
        if (this.value(parent) !== UNSETTLED) continue;
        this.#arrive(parent, edges.get(edge, NEGATED) === 1 ? not(value) : value);
      }
      if ((nodes.get(node, FLAGS) & LIVE) !== 0) this.#letGoOfChildren(node);
      this.#drop();
    }
  }

  /**
   * Settles what only waits for itself. Where nothing is expected at a level or below, no live unsettled node of it can
   * become TRUE any more: cycles add nobody. Level by level, so that a subtraction only ever sees final values.
   */
  close(): void {
    for (let level = 0; level < this.#levels.count && this.#expected[level] === 0; level++) {
      const waiting = this.#unfounded.get(level);
      if (waiting === undefined || waiting.length === 0) continue;
      this.#unfounded.delete(level);
      this.#closing = level;
      // A disjunction that holds conditionally can now only be conditional, and so may others of the cycle.
      for (const node of waiting) {
        if (this.#nodes.get(node, OPERATOR) === ANY && (this.#nodes.get(node, FLAGS) & SAW_CONDITIONAL) !== 0) {
          if (this.isLive(node)) this.settle(node, CONDITIONAL);
        }
      }
      this.propagate();
      for (const node of waiting) if (this.isLive(node)) this.settle(node, FALSE);
      this.propagate();
      this.#closing = -1;
    }
  }

  #arrive(node: number, value: number): void {
    const open = this.#nodes.bump(node, OPEN, -1);
    this.input(node, value);
    if (open > 0 || this.value(node) !== UNSETTLED) return;
    const conditional = (this.#nodes.get(node, FLAGS) & SAW_CONDITIONAL) !== 0;
    this.settle(node, conditional ? CONDITIONAL : not(this.#nodes.get(node, OPERATOR)));
  }

  #sawConditional(node: number): void {
    this.#nodes.set(node, FLAGS, this.#nodes.get(node, FLAGS) | SAW_CONDITIONAL);
    const decides = this.#nodes.get(node, OPERATOR) === ANY && this.#nodes.get(node, LEVEL) === this.#closing;
    if (decides && this.isLive(node)) this.settle(node, CONDITIONAL);
  }

  #wake(first: number): void {
    const nodes = this.#nodes;
    this.#stack.push(first);
    for (let node = this.#stack.pop(); node !== undefined; node = this.#stack.pop()) {
      if ((nodes.get(node, FLAGS) & LIVE) !== 0) continue;
      nodes.set(node, FLAGS, nodes.get(node, FLAGS) | LIVE);
      this.#bumpExpected(node, nodes.get(node, EXPECTED));
      this.#woken.push(node);
      const level = nodes.get(node, LEVEL);
      if (this.#levels.recursive[level] === 1) this.#mayBeUnfounded(level, node);
      for (let edge = nodes.get(node, CHILDREN); edge !== 0; edge = this.#edges.get(edge, NEXT_CHILD)) {
        const child = this.#edges.get(edge, CHILD);
        if (this.value(child) !== UNSETTLED) continue;
        nodes.bump(child, WANTED, 1);
        if ((nodes.get(child, FLAGS) & LIVE) === 0) this.#stack.push(child);
      }
    }
  }

  /** Collects on the stack the children that nobody wants any more. */
  #letGoOfChildren(node: number): void {
    const nodes = this.#nodes;
    for (let edge = nodes.get(node, CHILDREN); edge !== 0; edge = this.#edges.get(edge, NEXT_CHILD)) {
      const child = this.#edges.get(edge, CHILD);
      if (this.value(child) !== UNSETTLED) continue;
      if (nodes.bump(child, WANTED, -1) === 0 && (nodes.get(child, FLAGS) & DROPPED_ONCE) === 0)
        this.#stack.push(child);
    }
  }

  #drop(): void {
    for (let node = this.#stack.pop(); node !== undefined; node = this.#stack.pop()) {
      if (!this.isLive(node)) continue;
      this.#bumpExpected(node, -this.#nodes.get(node, EXPECTED));
      this.#nodes.set(node, FLAGS, (this.#nodes.get(node, FLAGS) & ~LIVE) | DROPPED_ONCE);
      this.#letGoOfChildren(node);
    }
  }

  #mayBeUnfounded(level: number, node: number): void {
    const waiting = this.#unfounded.get(level);
    if (waiting === undefined) this.#unfounded.set(level, [node]);
    else waiting.push(node);
  }

  #bumpExpected(node: number, by: number): void {
    const level = this.#nodes.get(node, LEVEL);
    this.#expected[level] = (this.#expected[level] as number) + by;
  }
}
