import type { FormulaNode } from "./formula.ts";

/** Is the subject in `member` of the object `id`? */
export interface Problem {
  readonly member: number;
  readonly id: string;
  expanded: boolean;
}

/**
 * Interned problems: each is visited once however many ways lead to it. The member fixes the object's type, so one map
 * per member by object id finds a problem with a single look-up by string.
 */
export class ProblemTable {
  readonly #nodes = new Map<number, Map<string, FormulaNode<Problem | undefined>>>();

  find(member: number, id: string): FormulaNode<Problem | undefined> | undefined {
    return this.#nodes.get(member)?.get(id);
  }

  add(member: number, id: string, node: FormulaNode<Problem | undefined>): void {
    const byId = this.#nodes.get(member);
    if (byId === undefined) this.#nodes.set(member, new Map([[id, node]]));
    else byId.set(id, node);
  }
}
