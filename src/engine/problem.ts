import type { Member } from "../model/schema.ts";
import type { FormulaNode } from "./formula.ts";

/** Is the subject in `member` of the object `id`? */
export interface Problem {
  readonly member: Member;
  readonly id: string;
  expanded: boolean;
}

/** A problem's node, or that of an operator within one (no problem). */
export type Node = FormulaNode<Problem | undefined>;

/**
 * Interned problems: each is visited once however many ways lead to it. The member fixes the object's type, so one map
 * per member by object id finds a problem with a single look-up by string.
 */
export class ProblemTable {
  readonly #nodes = new Map<number, Map<string, Node>>();

  find(member: number, id: string): Node | undefined {
    return this.#nodes.get(member)?.get(id);
  }

  add(member: number, id: string, node: Node): void {
    const byId = this.#nodes.get(member);
    if (byId === undefined) this.#nodes.set(member, new Map([[id, node]]));
    else byId.set(id, node);
  }
}
