import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { ProvableEvent } from "../../audit/verify.ts";
import { type SealedEvent, SealedEventSchema } from "../../gen/relata/v1/audit_service_pb.ts";
import type { CliContext } from "../context.ts";
import { cannotRead } from "../files.ts";

/** An event as a line of the file: the API's JSON, with its bytes in base64. */
export function eventLine(event: SealedEvent): string {
  return `${JSON.stringify(toJson(SealedEventSchema, event))}\n`;
}

export interface ReadLine {
  readonly line: number;
  /** Undefined: the line holds no event. */
  readonly event: (ProvableEvent & { readonly previousHash: Uint8Array }) | undefined;
}

/** The lines of an export, one after the other: a file of any size. @throws CliError that names the file */
export async function* readExport(context: CliContext, path: string): AsyncGenerator<ReadLine> {
  const input = path === "-" ? context.stdin : createReadStream(resolve(context.cwd, path));
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() !== "") yield { line, event: readEvent(text) };
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function readEvent(text: string): ReadLine["event"] {
  let sealed: SealedEvent;
  try {
    sealed = fromJson(SealedEventSchema, JSON.parse(text) as JsonValue, { ignoreUnknownFields: true });
  } catch {
    return undefined;
  }
  const { seq, body, hash, previousHash, personal, personalSalt } = sealed;
  if (seq === 0n || seq > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    ...{ seq: Number(seq), body, hash, previousHash },
    ...(personal.length > 0 && { personal }),
    ...(personalSalt.length > 0 && { personalSalt }),
  };
}
