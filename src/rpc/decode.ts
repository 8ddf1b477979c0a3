import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { RelataError } from "../errors.ts";

/** @throws RelataError INVALID_REQUEST */
export function decodeMessage(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelataError("INVALID_REQUEST", `the message is not a ${schema.typeName} in protobuf form: ${why}`, {
      cause,
    });
  }
}
