import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { RelataError } from "../errors.ts";
import { CheckRequestSchema } from "../gen/relata/v1/authorization_service_pb.ts";
import { readPlainCheck } from "./plain-check.ts";

/** @throws RelataError INVALID_REQUEST */
export function decodeMessage(schema: DescMessage, bytes: Buffer): Message {
  const plain = schema === CheckRequestSchema ? readPlainCheck(bytes) : undefined;
  return plain ?? decodeAny(schema, bytes);
}

function decodeAny(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelataError("INVALID_REQUEST", `the message is not a ${schema.typeName} in protobuf form: ${why}`, {
      cause,
    });
  }
}
