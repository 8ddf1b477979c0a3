import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescOneof,
  fromJson,
  type JsonObject,
  type JsonValue,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";

/** One text of a request, by the way to it: field after field, the first element of lists. */
export type FieldPath = readonly DescField[];

/** A group nests tuples in tuples nowhere, but a future message may nest itself. */
const MAX_DEPTH = 6;
const STRUCT = "google.protobuf.Struct";

/** The way to every text field of a message, those of maps and of free JSON included. */
export function stringPaths(message: DescMessage, above: FieldPath = []): readonly FieldPath[] {
  if (above.length >= MAX_DEPTH) return [];
  return message.fields.flatMap((field) => {
    const path = [...above, field];
    if (field.message === undefined) return isText(field) ? [path] : [];
    return field.message.typeName === STRUCT ? [path] : stringPaths(field.message, path);
  });
}

function isText(field: DescField): boolean {
  return field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
}

export function nameOf(path: FieldPath): string {
  return path.map(({ name }) => name).join(".");
}

/** What a sensible caller would put into a field of that name, so that the fields beside it are looked at as well. */
const PLAUSIBLE: Readonly<Record<string, string>> = {
  type: "document",
  object_type: "document",
  subject_type: "user",
  id: "1",
  object_id: "1",
  subject_id: "nora",
  candidate_ids: "1",
  permission: "view",
  relation: "viewer",
  subject_relation: "",
  slug: "nobodys",
  tenant: "nobodys",
  text: "definition user {}\n",
  issuer: "https://issuer.example",
  subject: "somebody",
  scopes: "check",
};
/** Fields that stand for one question or place: what a caller has from elsewhere, or leaves out. */
const LEFT_OUT: ReadonlySet<string> = new Set(["cursor", "consistency", "idempotency_key", "caveat", "expires_at"]);

/**
 * A request whose text at `path` is `payload`. With `filled` everything else is what a sensible caller would send; without,
 * nothing else is there.
 */
export function requestWith(method: DescMethod, path: FieldPath, payload: string, filled: boolean): Uint8Array {
  return toBinary(method.input, fromJson(method.input, objectWith(method.input, { path, payload, filled })));
}

interface Plan {
  readonly path: FieldPath;
  readonly payload: string;
  readonly filled: boolean;
}

function objectWith(message: DescMessage, { path: [aim, ...rest], payload, filled }: Plan): JsonObject {
  const chosen = new Set<DescOneof>(aim?.oneof === undefined ? [] : [aim.oneof]);
  const object: JsonObject = {};
  for (const field of message.fields) {
    if (field !== aim && (!filled || LEFT_OUT.has(field.name) || (field.oneof && chosen.has(field.oneof)))) continue;
    if (field.oneof !== undefined) chosen.add(field.oneof);
    const text = field === aim && rest.length === 0 ? payload : (PLAUSIBLE[field.name] ?? "1");
    const value = fieldValue(field, text, { path: field === aim ? rest : [], payload, filled });
    if (value !== undefined) object[field.jsonName] = wrapped(field, text, value);
  }
  return object;
}

function wrapped(field: DescField, key: string, value: JsonValue): JsonValue {
  if (field.fieldKind === "list") return [value];
  return field.fieldKind === "map" ? { [key]: value } : value;
}

function fieldValue(field: DescField, text: string, plan: Plan): JsonValue | undefined {
  if (field.message === undefined) {
    if (isText(field)) return field.scalar === ScalarType.BYTES ? Buffer.from(text).toString("base64") : text;
    // An enum's first value says nothing; its second is the first that means something.
    return field.enum?.values[1]?.number;
  }
  const { typeName } = field.message;
  if (typeName === STRUCT) return { [text]: text };
  return typeName.startsWith("google.protobuf.") ? undefined : objectWith(field.message, plan);
}
