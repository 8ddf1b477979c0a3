import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SignedHead } from "../../audit/signed-head.ts";
import {
  type SignedHead as HeadMessage,
  type HeadResponse,
  HeadResponseSchema,
} from "../../gen/relata/v1/audit_service_pb.ts";
import type { CliContext } from "../context.ts";
import { badInput } from "../exit.ts";
import { readInput } from "../files.ts";

/** A head as it was exported, and the key that it came with. */
export interface KeptHead {
  readonly message: HeadMessage;
  readonly head: SignedHead;
  /** Raw Ed25519; empty where nothing was signed. */
  readonly publicKey: Uint8Array;
}

export function headToJson(answer: HeadResponse): unknown {
  return toJson(HeadResponseSchema, answer);
}

/** What `relata audit head --json` printed, once or often, one to a line. @throws CliError */
export async function readHeads(context: CliContext, path: string): Promise<readonly KeptHead[]> {
  const lines = (await readInput(context, path)).split("\n").filter((text) => text.trim() !== "");
  if (lines.length === 0) throw notAHead(path, 1);
  return lines.map((text, index) => readHead(text, path, index + 1));
}

function readHead(text: string, path: string, lineNumber: number): KeptHead {
  let answer: HeadResponse;
  try {
    answer = fromJson(HeadResponseSchema, JSON.parse(text) as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    throw notAHead(path, lineNumber, error);
  }
  const { head: message, publicKey } = answer;
  if (message?.hash.length !== 32 || ![0, 32].includes(publicKey.length)) throw notAHead(path, lineNumber);
  const { chain, seq, hash, signature, keyId, signedAt } = message;
  const signedAtMs = signedAt === undefined ? 0 : timestampMs(signedAt);
  return { message, publicKey, head: { chain, seq: Number(seq), hash, signedAtMs, signature, keyId } };
}

function notAHead(path: string, lineNumber: number, cause?: unknown) {
  return badInput(`line ${lineNumber} of ${path} is no head of the audit`, {
    where: path,
    hint: "relata audit head --json >> FILE writes such a file",
    cause,
  });
}

/** An Ed25519 key as it stands in a head: 32 bytes in base64. @throws CliError */
export function parsePublicKey(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 32 && bytes.toString("base64").replace(/=$/, "") === text.trim().replace(/=$/, "")) return bytes;
  throw badInput("--public-key expects an Ed25519 key, 32 bytes in base64", {
    where: "--public-key",
    hint: "the publicKey of `relata audit head --json`, taken where you trust it",
  });
}
