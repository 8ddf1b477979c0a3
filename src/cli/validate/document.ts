import type { Decision } from "../../model/decision.ts";
import type { ObjectRef, SubjectRef } from "../../model/object.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { SchemaText } from "../schema-source.ts";
import type { ReadTuple } from "../tuples/text-lines.ts";

/** A validation file as read: a schema, tuples, and what must hold of them. */
export interface ValidationDocument {
  readonly file: string;
  /** Undefined when the file only has problems to tell. */
  readonly schema: SchemaText | undefined;
  readonly tuples: readonly ReadTuple[];
  readonly assertions: readonly Assertion[];
  /** Entries under `validation:`, which are read past. */
  readonly expansions: { readonly count: number; readonly line: number } | undefined;
}

export interface Assertion {
  readonly expected: Decision["kind"];
  /** As written. */
  readonly text: string;
  readonly line: number;
  readonly object: ObjectRef;
  readonly permission: string;
  readonly subject: SubjectRef;
  readonly context: JsonObject;
}
