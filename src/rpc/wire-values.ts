import type { JsonObject as ProtobufJsonObject } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ErrorReason } from "../errors.ts";
import type { JsonObject, JsonValue } from "../model/tuple.ts";
import { badField } from "./wire-fields.ts";

/**
 * A level of JSON is two of protobuf messages, of which decoders take a hundred: what came in deeper than this, as JSON,
 * could not be read back by a gRPC client.
 */
const MAX_STRUCT_DEPTH = 32;

/**
 * protobuf-es reads a Struct into plain JSON, but takes numbers that JSON has no words for.
 * @throws INVALID_REQUEST at `field`
 */
export function readStruct(struct: ProtobufJsonObject | undefined, field: string): JsonObject | undefined {
  if (struct !== undefined) requireJson(struct, field);
  return struct;
}

export function writeStruct(value: JsonObject): ProtobufJsonObject {
  return value as ProtobufJsonObject;
}

function requireJson(struct: JsonObject, field: string): void {
  let level: readonly JsonValue[] = [struct];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_STRUCT_DEPTH)
      throw badField("INVALID_REQUEST", field, `is nested deeper than ${MAX_STRUCT_DEPTH} levels`);
    level = level.flatMap((value) => membersOf(value, field));
  }
}

/** The lists and objects inside a list or object. */
function membersOf(value: JsonValue, field: string): readonly JsonValue[] {
  if (typeof value !== "object" || value === null) return [];
  const inside: JsonValue[] = [];
  for (const [key, member] of Object.entries(value as { readonly [key: string]: JsonValue })) {
    if (typeof member === "object") inside.push(member);
    else if (typeof member === "number" && !Number.isFinite(member))
      throw badField("INVALID_REQUEST", field, "holds a number that is infinite or none (NaN)");
    requireText(key, field);
    if (typeof member === "string") requireText(member, field);
  }
  return inside;
}

/** JSON can spell half a surrogate pair, UTF-8 cannot. */
function requireText(text: string, field: string): void {
  if (!text.isWellFormed()) throw badField("INVALID_REQUEST", field, "holds text that is not Unicode");
}

/** 0001-01-01 and 9999-12-31, as protobuf defines the type. */
const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;

/** Milliseconds since the epoch. Anything finer is cut off, so that an expiry never comes late. */
export function readTimestamp({ seconds, nanos }: Timestamp, field: string, reason: ErrorReason): number {
  const valid = seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos < 1_000_000_000;
  if (!valid) throw badField(reason, field, "is not an instant of the years 1 to 9999");
  return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
}

export function writeTimestamp(epochMs: number): Timestamp {
  return timestampFromMs(epochMs);
}
