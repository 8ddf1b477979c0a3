import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

/** A failed call as a client sees it, on either port. */
export interface SeenError {
  readonly code: string;
  readonly message: string;
  /** Of the ErrorInfo detail; empty where there is none. */
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SeenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly error: SeenError | undefined;
}

/** One JSON call as curl would make it. A string is sent as it is. */
export async function postJson(
  url: string,
  procedure: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<SeenAnswer> {
  const response = await fetch(`${url}/${procedure}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });
  const text = await response.text();
  const parsed: unknown = text === "" ? undefined : JSON.parse(text);
  const error = response.ok ? undefined : seenInJson(parsed);
  return { status: response.status, headers: response.headers, body: parsed, error };
}

interface ConnectErrorBody {
  readonly code?: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function seenInJson(body: unknown): SeenError {
  const { code = "", message = "", details = [] } = (body ?? {}) as ConnectErrorBody;
  const found = details.find(({ type }) => type === "google.rpc.ErrorInfo");
  const info = found === undefined ? undefined : fromBinary(ErrorInfoSchema, Buffer.from(found.value, "base64"));
  return { code, message, reason: info?.reason ?? "", domain: info?.domain ?? "", metadata: { ...info?.metadata } };
}

/** One gRPC call with bytes for a message. Resolves with the error, or with the answer's bytes. */
export async function callRaw(
  address: string,
  procedure: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly error: SeenError | undefined; readonly answer: Buffer | undefined; readonly headers: Metadata }> {
  const client = new Client(address, credentials.createInsecure(), { "grpc.max_send_message_length": -1 });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  let seen = new Metadata();
  try {
    return await new Promise((resolve) => {
      const same = (value: Buffer) => value;
      const done = (error: ServiceError | null, answer?: Buffer) =>
        resolve({ error: error === null ? undefined : seenInGrpc(error), answer, headers: seen });
      const call = client.makeUnaryRequest(
        `/${procedure}`,
        same,
        same,
        Buffer.from(bytes),
        metadata,
        { deadline: Date.now() + 20_000 },
        done,
      );
      call.on("metadata", (found) => {
        seen = found;
      });
    });
  } finally {
    client.close();
  }
}

export function seenInGrpc(error: ServiceError): SeenError {
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  const any = bytes === undefined ? undefined : fromBinary(StatusSchema, bytes as Buffer).details[0];
  const info = any === undefined ? undefined : anyUnpack(any, ErrorInfoSchema);
  return {
    code: String(error.code),
    message: error.details,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: { ...info?.metadata },
  };
}
