import type { Definition, Member, Permission, Relation, Schema } from "../model/schema.ts";
import type { StrandProbe } from "../model/store.ts";
import { diffCaveats } from "./diff-caveats.ts";
import { formatAllowedSubject, formatRewrite } from "./format-rewrite.ts";
import { change, type SchemaChange } from "./schema-change.ts";

/**
 * What changes from one schema to the next, in the order of the later one, removals first. Reordering and reformatting are
 * no change. A relation or allowed type that goes away strands the tuples that need it; since subjects (`group#member`)
 * appear in tuples only by an allowed type, removing those types covers the subject side of removed definitions and relations.
 */
export function diffSchemas(before: Schema | undefined, after: Schema): readonly SchemaChange[] {
  const old = before?.definitions ?? new Map<string, Definition>();
  const removed = [...old.values()].filter((definition) => !after.definitions.has(definition.name));
  return [
    ...removed.map(removeDefinition),
    ...[...after.definitions.values()].flatMap((definition) => diffDefinition(old.get(definition.name), definition)),
    ...diffCaveats(before?.caveats ?? new Map(), after.caveats),
  ];
}

function removeDefinition({ name, members }: Definition): SchemaChange {
  // Without relations it never had tuples of its own.
  const hasRelations = [...members.values()].some((member) => member.kind === "relation");
  const message = `cannot remove definition "${name}" while it has tuples`;
  const strands: StrandProbe[] = hasRelations ? [{ filter: { objectType: name }, message }] : [];
  return change("definition-removed", name, "", `definition "${name}" removed`, strands);
}

function diffDefinition(before: Definition | undefined, after: Definition): readonly SchemaChange[] {
  const { name } = after;
  if (before === undefined) {
    return [change("definition-added", name, "", `definition "${name}" added`)];
  }
  const changes: SchemaChange[] = [];
  if (before.doc !== after.doc) {
    changes.push(change("definition-doc-changed", name, "", `comment of definition "${name}" changed`));
  }
  for (const member of before.members.values()) {
    if (after.members.get(member.name)?.kind !== member.kind) {
      changes.push(removeMember(member));
    }
  }
  for (const member of after.members.values()) {
    changes.push(...diffMember(before.members.get(member.name), member));
  }
  return changes;
}

function removeMember(member: Member): SchemaChange {
  const { type, name } = member;
  const message = `${member.kind} "${name}" of ${type} removed`;
  if (member.kind === "permission") {
    return change("permission-removed", type, name, message);
  }
  const probe = {
    filter: { objectType: type, relation: name },
    message: `cannot remove relation "${name}" of ${type} while it has tuples`,
  };
  return change("relation-removed", type, name, message, [probe]);
}

function diffMember(before: Member | undefined, after: Member): readonly SchemaChange[] {
  const { type, name } = after;
  if (before?.kind === "relation" && after.kind === "relation") {
    return diffRelation(before, after);
  }
  if (before?.kind === "permission" && after.kind === "permission") {
    return diffPermission(before, after);
  }
  const kind = after.kind === "relation" ? "relation-added" : "permission-added";
  return [change(kind, type, name, `${after.kind} "${name}" of ${type} added`)];
}

function diffRelation(before: Relation, after: Relation): readonly SchemaChange[] {
  const { type, name } = after;
  const changes: SchemaChange[] = [];
  if (before.doc !== after.doc) {
    changes.push(change("relation-doc-changed", type, name, `comment of relation "${name}" of ${type} changed`));
  }
  const had = new Set(before.allowed.map(formatAllowedSubject));
  const has = new Set(after.allowed.map(formatAllowedSubject));
  for (const allowed of before.allowed) {
    const text = formatAllowedSubject(allowed);
    if (!has.has(text)) {
      const message = `relation "${name}" of ${type} no longer allows ${text}`;
      changes.push(change("subject-type-removed", type, name, message, [allowedTypeProbe(before, allowed)]));
    }
  }
  for (const text of has) {
    if (!had.has(text)) {
      changes.push(change("subject-type-added", type, name, `relation "${name}" of ${type} now allows ${text}`));
    }
  }
  return changes;
}

/** Tuples of exactly this allowed type: `user`, `user:*`, `user with c` and `user with expiration` are four. */
function allowedTypeProbe(relation: Relation, allowed: Relation["allowed"][number]): StrandProbe {
  const subject = { subjectType: allowed.type, subjectRelation: allowed.relation };
  const text = formatAllowedSubject(allowed);
  return {
    filter: {
      objectType: relation.type,
      relation: relation.name,
      ...subject,
      ...(allowed.wildcard ? { subjectId: "*" } : {}),
    },
    caveat: allowed.caveat === "" ? false : allowed.caveat,
    expiration: allowed.expiration,
    ...(allowed.wildcard ? {} : { wildcard: false }),
    message: `cannot remove the subject type ${text} from relation "${relation.name}" of ${relation.type} while a tuple uses it`,
  };
}

function diffPermission(before: Permission, after: Permission): readonly SchemaChange[] {
  const { type, name } = after;
  const changes: SchemaChange[] = [];
  if (before.doc !== after.doc) {
    changes.push(change("permission-doc-changed", type, name, `comment of permission "${name}" of ${type} changed`));
  }
  const [was, is] = [formatRewrite(before.rewrite), formatRewrite(after.rewrite)];
  if (was !== is) {
    const message = `permission "${name}" of ${type} was ${was}, is ${is}`;
    changes.push(change("permission-expression-changed", type, name, message));
  }
  if (before.annotation.toSorted().join() !== after.annotation.toSorted().join()) {
    const message = `type annotation of permission "${name}" of ${type} changed`;
    changes.push(change("permission-annotation-changed", type, name, message));
  }
  return changes;
}
