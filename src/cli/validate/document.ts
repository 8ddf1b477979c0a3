import type { Decision } from "../../model/decision.ts";
import type { ObjectRef, SubjectRef } from "../../model/object.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { SchemaText } from "../schema-source.ts";
import type { ReadTuple } from "../tuples/text-lines.ts";
import type { Spot } from "../yaml/spot.ts";

/** A validation file as read: a schema, tuples, and what must hold of them. */
export interface ValidationDocument {
  readonly file: string;
  /** Undefined when the file only has problems to tell. */
  readonly schema: SchemaText | undefined;
  readonly tuples: readonly ReadTuple[];
  readonly assertions: readonly Assertion[];
  readonly expectedRelations: readonly ExpectedRelation[];
}

export interface Assertion {
  readonly expected: Decision["kind"];
  /** As written. */
  readonly text: string;
  readonly spot: Spot;
  readonly object: ObjectRef;
  readonly permission: string;
  readonly subject: SubjectRef;
  readonly context: JsonObject;
}

/** An entry of a `validation:` block: all subjects of a relation or permission of an object. */
export interface ExpectedRelation {
  /** `document:1#view` */
  readonly text: string;
  readonly spot: Spot;
  readonly object: ObjectRef;
  readonly member: string;
  readonly subjects: readonly ExpectedSubject[];
}

export interface ExpectedSubject {
  readonly spot: Spot;
  /** `user:anne`, `group:eng#member`, `user:*` */
  readonly subject: string;
  /** `[user:anne] is <document:1#viewer>`, in canonical form. */
  readonly line: string;
}
