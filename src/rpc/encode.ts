import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type CheckResponse, CheckResponseSchema } from "../gen/relata/v1/authorization_service_pb.ts";
import { writePlainCheck } from "./plain-check.ts";

export function encodeMessage(schema: DescMessage, message: Message): Buffer {
  const plain = schema === CheckResponseSchema ? writePlainCheck(message as CheckResponse) : undefined;
  if (plain !== undefined) return plain;
  const bytes = toBinary(schema, message);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
