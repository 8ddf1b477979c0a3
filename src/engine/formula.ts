/**
 * Three truth values and "not known yet". Negation is `4 - value`. CONDITIONAL: depends on context nobody gave, or on a
 * caveat that cannot be evaluated; the owner knows which.
 */
export const UNSETTLED = 0;
export const FALSE = 1;
export const CONDITIONAL = 2;
export const TRUE = 3;
export type Value = typeof FALSE | typeof CONDITIONAL | typeof TRUE;

/** An operator is named by the value that decides it alone: TRUE decides a disjunction, FALSE a conjunction. */
export const ANY = TRUE;
export const ALL = FALSE;
export type Operator = typeof ANY | typeof ALL;

export function not(value: Value): Value {
  return (4 - value) as Value;
}

/** Part of a formula. Its owner may read it; only the formula writes it. */
export interface FormulaNode<Tag> {
  readonly operator: Operator;
  readonly level: number;
  /** The owner's own. */
  readonly tag: Tag;
  value: Value | typeof UNSETTLED;
  /** Inputs that have not settled: edges and expected ones. At 0 the node settles. */
  open: number;
  /** The part of `open` that the owner will offer. */
  expected: number;
  /** Edges from live parents. At 0 nobody needs the node. */
  wanted: number;
  live: boolean;
  droppedOnce: boolean;
  sawConditional: boolean;
  /** The child that decided the node alone; undefined when an input from outside did, or all inputs together. */
  decider: FormulaNode<Tag> | undefined;
  /** Settled as false with the cycle it is in, by no input: it rests on all of them. */
  closed: boolean;
  /** Edges in which the node is the child. */
  parents: Edge<Tag> | undefined;
  /** Edges in which it is the parent. */
  children: Edge<Tag> | undefined;
}

export interface Edge<Tag> {
  readonly parent: FormulaNode<Tag>;
  readonly child: FormulaNode<Tag>;
  readonly negated: boolean;
  readonly nextParent: Edge<Tag> | undefined;
  readonly nextChild: Edge<Tag> | undefined;
}

/** Which levels hold cycles, and how many levels there are; level n depends only on levels up to n. */
export interface Levels {
  readonly count: number;
  readonly recursive: Uint8Array;
}

/**
 * Plain objects rather than records in typed arrays, which were built first and measured (Node 24, CPU time of a whole
 * Check, three runs): a Check of 18 nodes took 10 µs against 18 to 22 (allocating typed arrays is dear when most
 * Checks are small), one of 100,000 nodes 170 to 200 ms against 150 to 210, and a node 304 bytes against 356, all in.
 * What makes it linear is not the representation but that problems are interned (problem.ts): comparing nodes is
 * comparing references, and a string is looked up once per tuple read.
 */

/**
 * A growing formula of and, or and not that settles from the leaves as inputs arrive: least fixpoint, three-valued.
 * Every node and edge is handled a bounded number of times (created, settled, dropped once, woken again once), so all
 * the work is linear in their number however many rounds feed it. Nothing recurses.
 *
 * A node is live while a live unsettled parent (or the root's holder) wants it. `takeWoken` names nodes that became
 * live: the owner then adds their inputs. A node that was dropped and wanted again is kept from then on: dropping and
 * waking the same part over and over would not be linear. A dropped cycle keeps itself live; that costs work, never truth.
 */
export class Formula<Tag> {
  readonly #settled: FormulaNode<Tag>[] = [];
  readonly #woken: FormulaNode<Tag>[] = [];
  readonly #stack: FormulaNode<Tag>[] = [];
  readonly #levels: Levels;
  /** Per level: inputs still expected by live nodes. */
  readonly #expected: number[];
  /** Per recursive level: nodes that may have to be closed. */
  readonly #unfounded = new Map<number, FormulaNode<Tag>[]>();
  #closing = -1;
  #size = 0;
  #keepsGrounds = false;
  #order: Map<FormulaNode<Tag>, number> | undefined;

  constructor(levels: Levels) {
    this.#levels = levels;
    this.#expected = new Array<number>(levels.count).fill(0);
  }

  /** Nodes so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * From now on an edge to a child that has settled already is kept too: the children of a node are then all it rests
   * on. Off at first, since what settled before the first caveat or expiry rests on neither.
   */
  keepGrounds(): void {
    this.#keepsGrounds = true;
  }

  /** From now on the order in which nodes settle is kept. */
  keepOrder(): void {
    this.#order ??= new Map();
  }

  /** What a node that settled as true rests on has settled before it, with a smaller number; from 1. */
  orderOf(node: FormulaNode<Tag>): number {
    return this.#order?.get(node) ?? 0;
  }

  /** A node with one expected input, so that it cannot settle before its owner says it is complete (`release`). */
  add(operator: Operator, level: number, tag: Tag): FormulaNode<Tag> {
    this.#size += 1;
    return {
      operator,
      level,
      tag,
      value: UNSETTLED,
      open: 1,
      expected: 1,
      wanted: 0,
      live: false,
      droppedOnce: false,
      sawConditional: false,
      decider: undefined,
      closed: false,
      parents: undefined,
      children: undefined,
    };
  }

  /** Holds a node live from outside: a root. One that has settled already expects nothing any more. */
  want(node: FormulaNode<Tag>): void {
    if (node.value !== UNSETTLED) return;
    node.wanted += 1;
    if (!node.live) this.#wake(node);
  }

  /** A node that became live and is still. */
  takeWoken(): FormulaNode<Tag> | undefined {
    let node = this.#woken.pop();
    while (node !== undefined && !isLive(node)) node = this.#woken.pop();
    return node;
  }

  /** Makes `child` an input of `parent`. The parent must still expect something (see `add`, `expect`). */
  connect(parent: FormulaNode<Tag>, child: FormulaNode<Tag>, negated: boolean): void {
    if (parent.value !== UNSETTLED) return;
    if (child.value !== UNSETTLED) {
      if (this.#keepsGrounds) {
        // Not among the child's parents: whether it has been propagated already or not, this input arrives here.
        parent.children = { parent, child, negated, nextParent: undefined, nextChild: parent.children };
      }
      this.#input(parent, negated ? not(child.value) : child.value, child);
      return;
    }
    const edge = { parent, child, negated, nextParent: child.parents, nextChild: parent.children };
    child.parents = edge;
    parent.children = edge;
    parent.open += 1;
    if (parent.live) this.want(child);
  }

  /** One more input will be offered from outside. */
  expect(node: FormulaNode<Tag>): void {
    node.open += 1;
    node.expected += 1;
    if (isLive(node)) this.#bumpExpected(node.level, 1);
  }

  /** An expected input arrives. */
  offer(node: FormulaNode<Tag>, value: Value): void {
    if (node.value !== UNSETTLED) return;
    node.expected -= 1;
    if (node.live) this.#bumpExpected(node.level, -1);
    this.#arrive(node, value, undefined);
  }

  /** An expected input turned out to add nothing by itself. */
  release(node: FormulaNode<Tag>): void {
    this.offer(node, not(node.operator));
  }

  /** An input nobody waited for: it can decide the node, but not complete it. */
  input(node: FormulaNode<Tag>, value: Value): void {
    this.#input(node, value, undefined);
  }

  settle(node: FormulaNode<Tag>, value: Value): void {
    if (isLive(node)) this.#bumpExpected(node.level, -node.expected);
    node.value = value;
    this.#order?.set(node, this.#order.size + 1);
    this.#settled.push(node);
  }

  /** Carries what has settled to parents, and lets go of children no longer wanted. */
  propagate(): void {
    for (let node = this.#settled.pop(); node !== undefined; node = this.#settled.pop()) {
      const value = node.value as Value;
      for (let edge = node.parents; edge !== undefined; edge = edge.nextParent) {
        if (edge.parent.value === UNSETTLED) this.#arrive(edge.parent, edge.negated ? not(value) : value, node);
      }
      if (node.live) this.#letGoOfChildren(node);
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
      if (waiting === undefined) continue;
      this.#unfounded.delete(level);
      this.#closing = level;
      // A disjunction that holds conditionally can now only be conditional, and so may others of the cycle.
      for (const node of waiting) {
        if (node.operator === ANY && node.sawConditional && isLive(node)) this.settle(node, CONDITIONAL);
      }
      this.propagate();
      for (const node of waiting) {
        if (!isLive(node)) continue;
        node.closed = true;
        this.settle(node, FALSE);
      }
      this.propagate();
      this.#closing = -1;
    }
  }

  #input(node: FormulaNode<Tag>, value: Value, from: FormulaNode<Tag> | undefined): void {
    if (node.value !== UNSETTLED) return;
    if (value === node.operator) {
      node.decider = from;
      this.settle(node, value);
    } else if (value === CONDITIONAL) {
      this.#sawConditional(node);
    }
  }

  #arrive(node: FormulaNode<Tag>, value: Value, from: FormulaNode<Tag> | undefined): void {
    node.open -= 1;
    this.#input(node, value, from);
    if (node.open > 0 || node.value !== UNSETTLED) return;
    this.settle(node, node.sawConditional ? CONDITIONAL : not(node.operator));
  }

  #sawConditional(node: FormulaNode<Tag>): void {
    node.sawConditional = true;
    if (node.operator === ANY && node.level === this.#closing && isLive(node)) this.settle(node, CONDITIONAL);
  }

  #wake(first: FormulaNode<Tag>): void {
    this.#stack.push(first);
    for (let node = this.#stack.pop(); node !== undefined; node = this.#stack.pop()) {
      if (node.live) continue;
      node.live = true;
      this.#bumpExpected(node.level, node.expected);
      this.#woken.push(node);
      if (this.#levels.recursive[node.level] === 1) this.#mayBeUnfounded(node);
      for (let edge = node.children; edge !== undefined; edge = edge.nextChild) {
        if (edge.child.value !== UNSETTLED) continue;
        edge.child.wanted += 1;
        if (!edge.child.live) this.#stack.push(edge.child);
      }
    }
  }

  /** Collects on the stack the children that nobody wants any more. */
  #letGoOfChildren(node: FormulaNode<Tag>): void {
    for (let edge = node.children; edge !== undefined; edge = edge.nextChild) {
      if (edge.child.value !== UNSETTLED) continue;
      edge.child.wanted -= 1;
      if (edge.child.wanted === 0 && !edge.child.droppedOnce) this.#stack.push(edge.child);
    }
  }

  #drop(): void {
    for (let node = this.#stack.pop(); node !== undefined; node = this.#stack.pop()) {
      if (!isLive(node)) continue;
      this.#bumpExpected(node.level, -node.expected);
      node.live = false;
      node.droppedOnce = true;
      this.#letGoOfChildren(node);
    }
  }

  #mayBeUnfounded(node: FormulaNode<Tag>): void {
    const waiting = this.#unfounded.get(node.level);
    if (waiting === undefined) this.#unfounded.set(node.level, [node]);
    else waiting.push(node);
  }

  #bumpExpected(level: number, by: number): void {
    this.#expected[level] = (this.#expected[level] as number) + by;
  }
}

/** Unsettled and wanted: worth reading for. */
export function isLive<Tag>(node: FormulaNode<Tag>): boolean {
  return node.live && node.value === UNSETTLED;
}
