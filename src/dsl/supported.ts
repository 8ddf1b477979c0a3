import type { Relation, Schema } from "../model/schema.ts";
import type { TypeRefNode } from "./ast.ts";
import { originOf } from "./compile.ts";
import { createDiagnosticBag, type Diagnostic } from "./diagnostic.ts";
import { formatAllowedSubject } from "./format-rewrite.ts";
import { createSource, type Source, type Span } from "./source.ts";

/**
 * What the schema says that relata compiles but cannot decide yet: caveats, and tuples that expire. One error each place.
 * Storing such a schema is refused, since ignoring a caveat or an expiry would grant too much.
 */
export function unsupportedFeatures(schema: Schema): readonly Diagnostic[] {
  const names = originOf(schema);
  const bag = createDiagnosticBag();
  for (const caveat of schema.caveats.values()) {
    const node = names?.caveats.get(caveat.name);
    bag.error(node?.source ?? NOWHERE, node?.name ?? START, {
      code: "unsupported-caveat",
      message: `caveats are not evaluated yet, and the schema has caveat "${caveat.name}"`,
      hint: "leave caveats out of the schema for now",
    });
  }
  for (const member of schema.members) {
    if (member.kind === "relation") {
      reportRelation(schema, member, bag);
    }
  }
  return bag.sorted();
}

function reportRelation(schema: Schema, relation: Relation, bag: ReturnType<typeof createDiagnosticBag>): void {
  const node = originOf(schema)?.definitions.get(relation.type)?.members.get(relation.name);
  for (const [index, allowed] of relation.allowed.entries()) {
    if (!allowed.expiration && allowed.caveat === "") {
      continue;
    }
    const ref: TypeRefNode | undefined = node?.kind === "relation" ? node.types[index] : undefined;
    const source: Source = node?.source ?? NOWHERE;
    const span: Span = ref ?? START;
    const feature = allowed.expiration ? "expiration" : "caveat";
    bag.error(source, span, {
      code: `unsupported-${feature}`,
      message: `${feature === "caveat" ? "caveats are" : "expiration is"} not evaluated yet, and relation "${relation.name}" of ${relation.type} allows ${formatAllowedSubject(allowed)}`,
      hint: `allow ${allowed.type} without it for now`,
    });
  }
}

/** For schemas that came from no text. */
const NOWHERE = createSource("schema.zed", "");
const START: Span = { start: 0, end: 0 };
