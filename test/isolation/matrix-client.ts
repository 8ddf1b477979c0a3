import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";

/** What became of a call: it got as far as its verb, or was turned away. */
export type Outcome = "reached" | "denied" | "unauthenticated";

const OVERLOADED = "overloaded";

export interface Answer {
  /** Anything else than an outcome is shown as it came. */
  readonly outcome: string;
  /** All that arrived, but for the date. */
  readonly bytes: string;
}

export interface Question {
  readonly procedure: string;
  readonly streams: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** One connection that asks methods, and reads every byte of the answers. */
export interface MatrixClient {
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * A message that does not decode. It is looked at in front of the verb and behind everything else, so that each call that is
 * let in ends there, at no cost and without a trace: that this is so has a test of its own.
 */
const GARBAGE = Buffer.concat([Buffer.of(0, 0, 0, 0, 8), Buffer.alloc(8, 0xff)]);

const GRPC_OUTCOMES: Readonly<Record<string, Outcome | typeof OVERLOADED>> = {
  3: "reached",
  7: "denied",
  8: OVERLOADED,
  16: "unauthenticated",
};

export async function openGrpc(address: string): Promise<MatrixClient> {
  const session = await open(`http://${address}`);
  return {
    ask: patiently(async ({ procedure, headers }) => {
      const more = { ...headers, "content-type": "application/grpc", te: "trailers" };
      const received = await exchange(session, procedure, more, GARBAGE);
      const status = String(received.trailers["grpc-status"] ?? received.headers["grpc-status"]);
      return { outcome: GRPC_OUTCOMES[status] ?? `grpc-status ${status}`, bytes: bytesOf(received) };
    }),
    close: () => close(session),
  };
}

/** A request without anything in it, which the verb itself may answer. */
export async function openJson(url: string): Promise<MatrixClient> {
  const session = await open(url);
  return {
    ask: patiently(async ({ procedure, streams, headers }) => {
      const type = streams ? "application/connect+json" : "application/json";
      const body = streams ? Buffer.of(0, 0, 0, 0, 2, 0x7b, 0x7d) : Buffer.from("{}");
      const received = await exchange(session, procedure, { ...headers, "content-type": type }, body);
      const code = streams ? codeAtEnd(received.body) : codeOf(received);
      const outcome = JSON_OUTCOMES[code] ?? (KINDS_OF_FAULTS.has(code) ? code : "reached");
      return { outcome, bytes: bytesOf(received) };
    }),
    close: () => close(session),
  };
}

const JSON_OUTCOMES: Readonly<Record<string, Outcome | typeof OVERLOADED>> = {
  permission_denied: "denied",
  unauthenticated: "unauthenticated",
  resource_exhausted: OVERLOADED,
};

/** What no verb says of a request that is merely empty. */
const KINDS_OF_FAULTS = new Set(["internal", "unknown", "unavailable", "unimplemented"]);

/** Comes back, as it is told to, when the process has more to do than it can: a hundred calls at once are much beside others. */
function patiently(ask: MatrixClient["ask"]): MatrixClient["ask"] {
  return async (question) => {
    for (let triesLeft = 100; ; triesLeft -= 1) {
      const answer = await ask(question);
      if (answer.outcome !== OVERLOADED || triesLeft === 0) return answer;
      await pause(100);
    }
  };
}

async function open(authority: string): Promise<ClientHttp2Session> {
  const session = connect(authority);
  await once(session, "connect");
  return session;
}

async function close(session: ClientHttp2Session): Promise<void> {
  const closed = once(session, "close");
  session.close();
  await closed;
}

function exchange(
  session: ClientHttp2Session,
  procedure: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": `/${procedure}`, ...headers });
    let [answered, trailers]: IncomingHttpHeaders[] = [{}, {}];
    const chunks: Buffer[] = [];
    stream.on("response", (found) => {
      answered = found;
    });
    stream.on("trailers", (found: IncomingHttpHeaders) => {
      trailers = found;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({ headers: answered ?? {}, trailers: trailers ?? {}, body: Buffer.concat(chunks) }),
    );
    stream.end(body);
  });
}

function bytesOf({ headers, trailers, body }: Received): string {
  const told = [headers, trailers].map((part) => Object.entries(part).filter(([name]) => name !== "date"));
  return JSON.stringify([...told, body.toString("base64")]);
}

function codeOf({ headers, body }: Received): string {
  if (Number(headers[":status"]) === 200) return "ok";
  return (JSON.parse(body.toString("utf8")) as { readonly code?: string }).code ?? "unknown";
}

/** Of a stream over Connect: of its last envelope, which is flagged. */
function codeAtEnd(body: Buffer): string {
  for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
    if ((body[at] ?? 0) !== 2) continue;
    const end = JSON.parse(body.subarray(at + 5).toString("utf8")) as { readonly error?: { readonly code: string } };
    return end.error?.code ?? "ok";
  }
  return "unknown";
}
