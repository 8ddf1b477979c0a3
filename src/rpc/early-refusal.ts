import { Code, ConnectError } from "@connectrpc/connect";
import { createAsyncIterable, readAllBytes, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorFromJsonBytes, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { type ErrorReason, RelataError } from "../errors.ts";
import { connectErrorOf } from "./connect-error.ts";
import type { Visit } from "./connect-routes.ts";
import { type Failure, toFailure } from "./error-map.ts";

/** What a refused body says of itself may repeat the body. */
const MAX_MESSAGE_CHARACTERS = 1000;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Connect refuses a body before any of our code sees it: too large, not JSON, not protobuf (which it calls "internal",
 * though the caller sent it). Gives that answer relata's form, with a reason, and tells the visit for the log.
 */
export async function explainRefusal(answer: UniversalServerResponse, visit: Visit): Promise<UniversalServerResponse> {
  const { body } = answer;
  const plainJson = answer.header?.get("content-type") === "application/json" && !answer.header.has("content-encoding");
  if (body === undefined || !plainJson) return answer;
  const bytes = await readAllBytes(body, MAX_BODY_BYTES);
  const unknown = new ConnectError("", Code.Unknown);
  const error = errorFromJsonBytes(bytes, undefined, unknown);
  const failure = reasonOf(error);
  if (failure === undefined) return { ...answer, body: createAsyncIterable([bytes]) };
  visit.refused = { ...failure, message: withoutBody(failure.message) };
  const explained = errorToJsonBytes(connectErrorOf(failure), undefined);
  const header = new Headers(answer.header);
  header.set("content-length", String(explained.byteLength));
  return { ...answer, status: codeToHttpStatus(failure.code), header, body: createAsyncIterable([explained]) };
}

function reasonOf(error: ConnectError): Failure | undefined {
  const reason = REASONS_OF_CODES[error.code];
  const isGarbage = error.code === Code.Internal && error.rawMessage.startsWith("parse binary:");
  if (reason === undefined && !isGarbage) return undefined;
  const message = error.rawMessage.slice(0, MAX_MESSAGE_CHARACTERS);
  return toFailure(new RelataError(reason ?? "INVALID_REQUEST", message), "");
}

/** For the log: the caller's values, of a caveat's context perhaps, follow these words. */
function withoutBody(message: string): string {
  return message.replace(/( from JSON).*/s, "$1");
}

const REASONS_OF_CODES: Partial<Record<Code, ErrorReason>> = {
  [Code.InvalidArgument]: "INVALID_REQUEST",
  [Code.ResourceExhausted]: "MESSAGE_TOO_LARGE",
  [Code.Unimplemented]: "UNKNOWN_METHOD",
};
