import type { Member, Relation, Rewrite, Schema } from "../model/schema.ts";
import type { Levels } from "./formula.ts";

/** Members in the order they can be decided: the members of a level depend on each other or on lower levels. */
export interface Strata extends Levels {
  /** By member id. */
  readonly levelOf: Int32Array;
  /** Member ids by level. */
  readonly members: readonly (readonly number[])[];
}

interface Dependency {
  readonly member: number;
  readonly negated: boolean;
}

/**
 * Strongly connected components of the graph of `type#member`, dependencies first (Tarjan, with its own stack: a schema
 * may chain thousands of members).
 * @throws Error when a member depends on its own negation; the compiler refuses such a schema
 */
export function stratify(schema: Schema): Strata {
  const dependencies = schema.members.map((member) => [...dependenciesOf(schema, member)]);
  const members = components(dependencies.map((list) => list.map((dependency) => dependency.member)));
  const levelOf = new Int32Array(schema.members.length);
  members.forEach((level, index) => {
    for (const member of level) levelOf[member] = index;
  });
  const recursive = new Uint8Array(members.length);
  dependencies.forEach((list, from) => {
    for (const { member, negated } of list) {
      if (levelOf[member] !== levelOf[from]) continue;
      if (negated) throw new Error(`${nameOf(schema, from)} depends on its own negation`);
      recursive[levelOf[from] ?? 0] = 1;
    }
  });
  return { count: members.length, recursive, levelOf, members };
}

function nameOf(schema: Schema, id: number): string {
  const member = schema.members[id];
  return member === undefined ? `member ${id}` : `${member.type}#${member.name}`;
}

export function memberOf(schema: Schema, type: string, name: string): Member | undefined {
  return schema.definitions.get(type)?.members.get(name);
}

/** The relation on the left of an arrow. The compiler has made sure that there is one. */
export function tuplesetOf(schema: Schema, type: string, name: string): Relation {
  const member = memberOf(schema, type, name);
  if (member?.kind !== "relation") throw new Error(`${type}#${name} is not a relation`);
  return member;
}

function* dependenciesOf(schema: Schema, member: Member): Generator<Dependency> {
  if (member.kind === "relation") {
    for (const allowed of member.allowed) {
      const target = memberOf(schema, allowed.type, allowed.relation);
      if (target !== undefined) yield { member: target.id, negated: false };
    }
    return;
  }
  const pending: [Rewrite, boolean][] = [[member.rewrite, false]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [rewrite, negated] = next;
    if (rewrite.kind === "union" || rewrite.kind === "intersection") {
      for (const child of rewrite.children) pending.push([child, negated]);
    } else if (rewrite.kind === "exclusion") {
      pending.push([rewrite.base, negated], [rewrite.subtract, !negated]);
    } else if (rewrite.kind === "computed") {
      const target = memberOf(schema, member.type, rewrite.member);
      if (target !== undefined) yield { member: target.id, negated };
    } else if (rewrite.kind === "arrow") {
      for (const allowed of tuplesetOf(schema, member.type, rewrite.tupleset).allowed) {
        const target = memberOf(schema, allowed.type, rewrite.target);
        if (target !== undefined) yield { member: target.id, negated };
      }
    }
  }
}

/** @param edges by vertex @returns components, each after all it has edges into */
function components(edges: readonly (readonly number[])[]): number[][] {
  const found: number[][] = [];
  const order = new Int32Array(edges.length).fill(-1);
  const low = new Int32Array(edges.length);
  const open = new Uint8Array(edges.length);
  const trail: number[] = [];
  let clock = 0;
  const enter = (vertex: number) => {
    order[vertex] = low[vertex] = clock++;
    open[vertex] = 1;
    trail.push(vertex);
    return { vertex, next: 0 };
  };
  for (let start = 0; start < edges.length; start++) {
    if (order[start] !== -1) continue;
    const path = [enter(start)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { vertex } = top;
      const target = edges[vertex]?.[top.next++];
      if (target !== undefined) {
        if (order[target] === -1) path.push(enter(target));
        else if (open[target] === 1) low[vertex] = Math.min(low[vertex] ?? 0, order[target] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.vertex;
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[vertex] ?? 0);
      if (low[vertex] === order[vertex]) {
        const component = trail.splice(trail.lastIndexOf(vertex));
        for (const member of component) open[member] = 0;
        found.push(component);
      }
    }
  }
  return found;
}
