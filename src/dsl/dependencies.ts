import { createArrowResolver } from "./arrows.ts";
import type { ExpressionNode, PermissionNode, RelationNode } from "./ast.ts";
import { referencesOf } from "./expression.ts";
import { type DefinitionDecl, type MemberDecl, memberKey, type Names } from "./names.ts";
import { stronglyConnected } from "./strongly-connected.ts";

/**
 * What the answer for each relation and permission depends on, over types, not objects. Nodes are `type#member`, and
 * `type#tupleset->target` for arrows, shared by all permissions of a type that use the same one.
 */
export interface Dependencies {
  readonly labels: readonly string[];
  /** The member behind a node; undefined for arrows. */
  readonly members: readonly (MemberDecl | undefined)[];
  readonly idOf: ReadonlyMap<string, number>;
  readonly successors: readonly (readonly number[])[];
  /** Edges through the right side of a `-`. */
  readonly subtractions: readonly Subtraction[];
  /** Component of each node; a component's successors have smaller numbers. */
  readonly component: Int32Array;
}

export interface Subtraction {
  readonly from: number;
  readonly to: number;
  readonly node: ExpressionNode;
}

export function findDependencies(names: Names): Dependencies {
  const labels: string[] = [];
  const members: (MemberDecl | undefined)[] = [];
  const idOf = new Map<string, number>();
  const successors: number[][] = [];
  const subtractions: Subtraction[] = [];
  const targetTypes = createArrowResolver(names);

  function addNode(label: string, member: MemberDecl | undefined): number {
    const id = labels.length;
    labels.push(label);
    members.push(member);
    successors.push([]);
    idOf.set(label, id);
    return id;
  }

  function arrowNode(type: string, tupleset: RelationNode, target: string): number {
    const label = `${memberKey(type, tupleset.name.text)}->${target}`;
    const known = idOf.get(label);
    if (known !== undefined) {
      return known;
    }
    const id = addNode(label, undefined);
    for (const subject of targetTypes(tupleset, target)) {
      addEdge(id, memberKey(subject, target));
    }
    return id;
  }

  function addEdge(from: number, label: string): number | undefined {
    const to = idOf.get(label);
    if (to !== undefined) {
      successors[from]?.push(to);
    }
    return to;
  }

  for (const [type, definition] of names.definitions) {
    for (const member of definition.members.values()) {
      addNode(memberKey(type, member.name.text), member);
    }
  }
  function addReferences(type: string, definition: DefinitionDecl, permission: PermissionNode, from: number): void {
    for (const { node, subtracted } of referencesOf(permission.expression)) {
      let label = memberKey(type, node.kind === "computed" ? node.member.text : node.tupleset.text);
      if (node.kind === "arrow") {
        const tupleset = definition.members.get(node.tupleset.text);
        if (tupleset?.kind !== "relation") {
          continue;
        }
        arrowNode(type, tupleset, node.target.text);
        label += `->${node.target.text}`;
      }
      const to = addEdge(from, label);
      if (subtracted && to !== undefined) {
        subtractions.push({ from, to, node });
      }
    }
  }

  for (const [type, definition] of names.definitions) {
    for (const member of definition.members.values()) {
      const from = idOf.get(memberKey(type, member.name.text)) ?? 0;
      if (member.kind === "permission") {
        addReferences(type, definition, member, from);
        continue;
      }
      for (const ref of member.types) {
        addEdge(from, memberKey(ref.type.text, ref.relation?.text ?? ""));
      }
    }
  }
  return { labels, members, idOf, successors, subtractions, component: stronglyConnected(successors) };
}
