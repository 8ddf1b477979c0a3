import { didYouMean } from "../model/did-you-mean.ts";
import type { RelationNode, TypeRefNode } from "./ast.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import type { Names } from "./names.ts";
import type { Source } from "./source.ts";

/** Subject types of every relation: each exists, once, with a caveat that exists. Partials are checked where they are written. */
export function checkRelations(names: Names, bag: DiagnosticBag): void {
  const blocks = [...[...names.definitions.values()].map(({ node }) => node), ...names.partials.values()];
  for (const member of blocks.flatMap((block) => block.members)) {
    if (member.kind === "relation") {
      checkRelation(member, names, bag);
    }
  }
}

function checkRelation(relation: RelationNode, names: Names, bag: DiagnosticBag): void {
  const seen = new Set<string>();
  for (const ref of relation.types) {
    const text = formatTypeRef(ref);
    if (seen.has(text)) {
      bag.error(relation.source, ref, {
        code: "duplicate-subject-type",
        message: `relation "${relation.name.text}" already allows ${text}`,
        hint: "remove one of them",
      });
      continue;
    }
    seen.add(text);
    checkSubjectType(relation.source, ref, names, bag);
    checkCaveatOf(relation.source, ref, names, bag);
  }
}

function checkSubjectType(source: Source, ref: TypeRefNode, names: Names, bag: DiagnosticBag): void {
  const definition = names.definitions.get(ref.type.text);
  if (definition === undefined) {
    reportUnknownType(source, ref.type, names, bag);
    return;
  }
  const { relation } = ref;
  if (relation !== undefined && !definition.members.has(relation.text) && !definition.incomplete) {
    bag.error(source, relation, {
      code: "unknown-relation",
      message: `"${relation.text}" is neither a relation nor a permission of ${ref.type.text}`,
      hint: () => didYouMean(relation.text, definition.members.keys()),
    });
  }
}

export function reportUnknownType(source: Source, name: TypeRefNode["type"], names: Names, bag: DiagnosticBag): void {
  if (names.incomplete) {
    return;
  }
  const other = names.caveats.has(name.text) ? "caveat" : names.partials.has(name.text) ? "partial" : undefined;
  bag.error(source, name, {
    code: "unknown-definition",
    message: `there is no definition "${name.text}"`,
    hint: () =>
      other === undefined
        ? didYouMean(name.text, names.definitions.keys())
        : `"${name.text}" is a ${other}, which cannot be a subject`,
  });
}

function checkCaveatOf(source: Source, ref: TypeRefNode, names: Names, bag: DiagnosticBag): void {
  const { caveat } = ref;
  if (caveat === undefined || names.caveats.has(caveat.text) || names.incomplete) {
    return;
  }
  bag.error(source, caveat, {
    code: "unknown-caveat",
    message: `there is no caveat "${caveat.text}"`,
    hint: () =>
      caveat.text === "expiration"
        ? 'tuples that expire need "use expiration" at the top of the file'
        : didYouMean(caveat.text, names.caveats.keys()),
  });
}

/** As it is written in canonical form; two that read the same are the same type. */
export function formatTypeRef(ref: TypeRefNode): string {
  const subject = ref.wildcard ? ":*" : ref.relation === undefined ? "" : `#${ref.relation.text}`;
  const traits = [ref.caveat?.text, ref.expiration ? "expiration" : undefined].filter((trait) => trait !== undefined);
  return ref.type.text + subject + (traits.length === 0 ? "" : ` with ${traits.join(" and ")}`);
}
