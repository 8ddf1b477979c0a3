import type { SubjectRef } from "../model/object.ts";
import type { Member } from "../model/schema.ts";
import type { FormulaNode } from "./formula.ts";
import type { SubjectPlan } from "./plan.ts";
import type { TraitJudge } from "./traits.ts";

/** Everything asked about one subject in one context. Problems belong to a frame: in another one they may end otherwise. */
export interface Frame {
  readonly subject: SubjectRef;
  readonly plan: SubjectPlan;
  readonly judge: TraitJudge;
  readonly problems: ProblemTable;
}

/** Is the frame's subject in `member` of the object `id`? */
export interface Problem {
  readonly frame: Frame;
  readonly member: Member;
  readonly id: string;
  expanded: boolean;
}

/** A problem's node, or that of an operator within one (no problem). */
export type Node = FormulaNode<Problem | undefined>;

/**
 * Interned problems of a frame: each is visited once however many ways and questions lead to it. The member fixes the
 * object's type, so one map per member by object id finds a problem with a single look-up by string.
 */
export class ProblemTable {
  readonly #nodes = new Map<number, Map<string, Node>>();

  find(member: number, id: string): Node | undefined {
    return this.#nodes.get(member)?.get(id);
  }

  nodes(): Node[] {
    return [...this.#nodes.values()].flatMap((byId) => [...byId.values()]);
  }

  add(member: number, id: string, node: Node): void {
    const byId = this.#nodes.get(member);
    if (byId === undefined) this.#nodes.set(member, new Map([[id, node]]));
    else byId.set(id, node);
  }
}
