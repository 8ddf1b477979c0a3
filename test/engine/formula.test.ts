import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FormulaNode, Operator, Value } from "../../src/engine/formula.ts";
import { ALL, ANY, CONDITIONAL, FALSE, Formula, isLive, not, TRUE, UNSETTLED } from "../../src/engine/formula.ts";

/** A static formula to be discovered node by node, as a solver would. */
interface Node {
  readonly operator: Operator;
  readonly level: number;
  readonly edges: readonly { readonly child: number; readonly negated: boolean }[];
  /** Values offered from outside, one per round. */
  readonly leaves: readonly Value[];
}

const LEVELS = 3;

const node = fc.record({
  operator: fc.constantFrom<Operator>(ANY, ALL),
  edges: fc.array(fc.record({ child: fc.nat(11), negated: fc.boolean() }), { maxLength: 3 }),
  leaves: fc.array(fc.constantFrom<Value>(FALSE, FALSE, CONDITIONAL, TRUE), { maxLength: 2 }),
});

/** Twelve nodes, four a level; an edge up is turned down, and only edges to lower levels are negated. */
const formula = fc.array(node, { minLength: 12, maxLength: 12 }).map((drafts) =>
  drafts.map((draft, index): Node => {
    const level = Math.floor(index / 4);
    const edges = draft.edges.map(({ child, negated }) => {
      const target = child % ((level + 1) * 4);
      return { child: target, negated: negated && Math.floor(target / 4) < level };
    });
    return { ...draft, level, edges };
  }),
);

/** Kleene's tables, repeated until nothing changes, level by level. */
function naive(nodes: readonly Node[]): readonly Value[] {
  const values = nodes.map((): Value => FALSE);
  for (let level = 0; level < LEVELS; level++) {
    for (let changed = true; changed; ) {
      changed = false;
      nodes.forEach((one, index) => {
        if (one.level !== level) return;
        const inputs = [
          ...one.leaves,
          ...one.edges.map(({ child, negated }) => (negated ? not(values[child] ?? FALSE) : (values[child] ?? FALSE))),
        ];
        const value = (one.operator === ANY ? Math.max(FALSE, ...inputs) : Math.min(TRUE, ...inputs)) as Value;
        if (value === values[index]) return;
        values[index] = value;
        changed = true;
      });
    }
  }
  return values;
}

function discover(nodes: readonly Node[], rootIndex: number): { value: number; offered: number } {
  const built = new Formula<number>({ count: LEVELS, recursive: Uint8Array.of(1, 1, 1) });
  const known = new Map<number, FormulaNode<number>>();
  const meet = (index: number): FormulaNode<number> => {
    const { operator, level } = nodes[index] as Node;
    const met = known.get(index) ?? built.add(operator, level, index);
    known.set(index, met);
    return met;
  };
  const expanded = new Set<number>();
  let pending: { node: FormulaNode<number>; value: Value }[] = [];
  let offered = 0;
  const root = meet(rootIndex);
  built.want(root);
  for (;;) {
    for (built.propagate(); root.value === UNSETTLED; built.propagate()) {
      const woken = built.takeWoken();
      if (woken === undefined) break;
      if (expanded.has(woken.tag)) continue;
      expanded.add(woken.tag);
      const source = nodes[woken.tag] as Node;
      for (const { child, negated } of source.edges) built.connect(woken, meet(child), negated);
      for (const value of source.leaves) {
        built.expect(woken);
        pending.push({ node: woken, value });
      }
      built.release(woken);
    }
    built.close();
    if (root.value !== UNSETTLED) return { value: root.value, offered };
    const next = pending.find(({ node }) => isLive(node));
    if (next === undefined) throw new Error("unsettled, and nothing is pending");
    pending = pending.filter((one) => one !== next);
    offered += 1;
    built.offer(next.node, next.value);
  }
}

describe("a formula discovered piece by piece", () => {
  test("settles to the least fixpoint of Kleene's tables, cycles and conditions included", () => {
    const seen = { [FALSE]: 0, [CONDITIONAL]: 0, [TRUE]: 0 };
    fc.assert(
      fc.property(formula, (nodes) => {
        const expected = naive(nodes);
        for (let index = 0; index < nodes.length; index++) {
          const { value } = discover(nodes, index);
          expect(value).toBe(expected[index]);
          seen[value as 1 | 2 | 3] += 1;
        }
      }),
      { numRuns: 4_000, seed: 20_261_121 },
    );
    expect(Math.min(seen[FALSE], seen[CONDITIONAL], seen[TRUE])).toBeGreaterThan(4_000);
  });

  test("asks nothing more of a part that a settled union let go", () => {
    const nodes: readonly Node[] = [
      {
        operator: ALL,
        level: 0,
        edges: [
          { child: 1, negated: false },
          { child: 3, negated: false },
        ],
        leaves: [],
      },
      { operator: ANY, level: 0, edges: [{ child: 2, negated: false }], leaves: [TRUE] },
      { operator: ANY, level: 0, edges: [], leaves: [FALSE, FALSE, FALSE] },
      { operator: ANY, level: 0, edges: [], leaves: [TRUE] },
    ];
    // Leaves are offered in order of discovery, live nodes only: the last met first.
    expect(discover(nodes, 0).value).toBe(TRUE);
    expect(discover(nodes, 0).offered).toBeLessThanOrEqual(2);
  });

  test("drops and wakes a part at most once, however many come and go", () => {
    const built = new Formula<number>({ count: 1, recursive: Uint8Array.of(0) });
    const part = Array.from({ length: 100 }, (_, index) => built.add(ANY, 0, index));
    for (const [index, node] of part.entries()) {
      const next = part[index + 1];
      if (next !== undefined) built.connect(node, next, false);
    }
    const root = built.add(ALL, 0, -1);
    built.want(root);
    let woken = 0;
    for (let comer = 0; comer < 50; comer++) {
      const parent = built.add(ANY, 0, -1);
      built.connect(root, parent, false);
      built.connect(parent, part[0] as FormulaNode<number>, false);
      for (let node = built.takeWoken(); node !== undefined; node = built.takeWoken()) if (node.tag >= 0) woken += 1;
      built.input(parent, TRUE);
      built.propagate();
    }
    expect(woken).toBe(200);
  });
});
