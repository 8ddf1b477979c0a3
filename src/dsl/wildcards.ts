import type { RelationNode, TypeRefNode } from "./ast.ts";
import { memberKey, type Names } from "./names.ts";

/**
 * Relations whose tuples can name a wildcard, by `type#relation`, with how: `user:*`, or `group#member, which allows user:*`.
 * Transitive through the relations of subjects (`group#member`), not through permissions.
 */
export function wildcardRelations(names: Names): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const users = new Map<string, string[]>();
  const queue: string[] = [];
  for (const [type, definition] of names.definitions) {
    for (const member of definition.members.values()) {
      if (member.kind !== "relation") {
        continue;
      }
      const key = memberKey(type, member.name.text);
      const wildcard = member.types.find((ref) => ref.wildcard);
      if (wildcard !== undefined) {
        found.set(key, `${wildcard.type.text}:*`);
        queue.push(key);
      }
      addUsers(users, key, member);
    }
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const user of users.get(next) ?? []) {
      if (!found.has(user)) {
        found.set(user, `${next}, which allows ${found.get(next) ?? ""}`);
        queue.push(user);
      }
    }
  }
  return found;
}

function addUsers(users: Map<string, string[]>, key: string, relation: RelationNode): void {
  for (const subject of new Set(relation.types.map(subjectKey))) {
    const list = users.get(subject) ?? [];
    users.set(subject, list);
    list.push(key);
  }
}

function subjectKey(ref: TypeRefNode): string {
  return memberKey(ref.type.text, ref.relation?.text ?? "");
}
