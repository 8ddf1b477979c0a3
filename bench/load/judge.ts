import { PREFIX_BYTES } from "./grpc-requests.ts";
import { varintOf } from "./proto-fields.ts";
import type { LoadTarget, RightAnswer } from "./target.ts";

/** Says whether an answer is right: of gRPC messages behind their prefixes, of JSON a body. */
export type Judge = (answer: Buffer) => boolean;

/** @throws on an answer that the protocol cannot have */
export function judgeOf(protocol: LoadTarget["protocol"], right: RightAnswer): Judge {
  switch (right.kind) {
    case "prefix":
    case "suffix": {
      const { bytes } = right;
      const prefix = right.kind === "prefix";
      if (protocol === "json") return (body) => hasAt(body, bytes, prefix ? 0 : body.length - bytes.length);
      return (answer) => {
        const message = firstMessage(answer);
        return message !== undefined && hasAt(message, bytes, prefix ? 0 : message.length - bytes.length);
      };
    }
    case "varint": {
      const { field, value } = right;
      if (protocol === "json") throw new Error(`a body of JSON has no field ${field} by number`);
      return (answer) => varintOf(firstMessage(answer), field) === value;
    }
    case "field": {
      const { name, value } = right;
      if (protocol === "grpc") throw new Error(`a message of gRPC has no JSON field ${name}`);
      return (body) => fieldOf(body, name) === value;
    }
    case "messages":
      // A call that failed has none either.
      if (right.count < 1) throw new Error("no messages are no answer to tell from a failure: ask for one at least");
      return protocol === "grpc"
        ? (answer) => countMessages(answer) === right.count
        : (body) => countLines(body) === right.count;
  }
}

/** @returns undefined where it is not whole */
function firstMessage(answer: Buffer): Buffer | undefined {
  if (answer.length < PREFIX_BYTES) return undefined;
  const end = PREFIX_BYTES + answer.readUInt32BE(1);
  return end > answer.length ? undefined : answer.subarray(PREFIX_BYTES, end);
}

function hasAt(bytes: Buffer, wanted: Uint8Array, start: number): boolean {
  if (start < 0 || start + wanted.length > bytes.length) return false;
  return bytes.compare(wanted, 0, wanted.length, start, start + wanted.length) === 0;
}

function fieldOf(body: Buffer, name: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined;
  } catch {
    return undefined;
  }
}

/** @returns -1 where the last one is cut off */
function countMessages(answer: Buffer): number {
  let [count, at] = [0, 0];
  for (; at + PREFIX_BYTES <= answer.length; count += 1) at += PREFIX_BYTES + answer.readUInt32BE(at + 1);
  return at === answer.length ? count : -1;
}

/** A stream of JSON has a line for each message. */
function countLines(body: Buffer): number {
  return body
    .toString()
    .split("\n")
    .filter((line) => line.trim() !== "").length;
}
