import type { StrandProbe } from "../model/store.ts";

/** What a change is about. Names are API. */
export type SchemaChangeKind =
  | "definition-added"
  | "definition-removed"
  | "definition-doc-changed"
  | "relation-added"
  | "relation-removed"
  | "relation-doc-changed"
  | "subject-type-added"
  | "subject-type-removed"
  | "permission-added"
  | "permission-removed"
  | "permission-expression-changed"
  | "permission-annotation-changed"
  | "permission-doc-changed"
  | "caveat-added"
  | "caveat-removed"
  | "caveat-expression-changed"
  | "caveat-parameter-added"
  | "caveat-parameter-removed"
  | "caveat-parameter-type-changed"
  | "caveat-doc-changed";

/** One difference between two schemas. */
export interface SchemaChange {
  readonly kind: SchemaChangeKind;
  /** Definition or caveat. */
  readonly definition: string;
  /** Relation, permission or caveat parameter; empty when the change is about the whole. */
  readonly member: string;
  /** For people, a sentence without a full stop. */
  readonly message: string;
  /** It can strand stored tuples: the change is refused while one of `strands` finds one. */
  readonly breaking: boolean;
  readonly strands: readonly StrandProbe[];
}

export function change(
  kind: SchemaChangeKind,
  definition: string,
  member: string,
  message: string,
  strands: readonly StrandProbe[] = [],
): SchemaChange {
  return { kind, definition, member, message, breaking: strands.length > 0, strands };
}
