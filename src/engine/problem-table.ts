/**
 * Interned problems: is the subject in `member` of the object `id`? Each is visited once however many ways lead to it.
 * The member fixes the object's type, so one map per member by object id finds a problem with a single look-up.
 */
export class ProblemTable {
  readonly #nodes = new Map<number, Map<string, number>>();
  readonly #members: number[] = [];
  readonly #ids: string[] = [];

  /** The formula node of a problem, or undefined. */
  find(member: number, id: string): number | undefined {
    return this.#nodes.get(member)?.get(id);
  }

  /** The number the next problem gets, from 1. */
  get next(): number {
    return this.#members.length + 1;
  }

  add(member: number, id: string, node: number): void {
    const byId = this.#nodes.get(member);
    if (byId === undefined) this.#nodes.set(member, new Map([[id, node]]));
    else byId.set(id, node);
    this.#members.push(member);
    this.#ids.push(id);
  }

  member(problem: number): number {
    return this.#members[problem - 1] as number;
  }

  id(problem: number): string {
    return this.#ids[problem - 1] as string;
  }
}
