import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What one request asked of a server and what it answered, as far as it is the same at each run. */
export interface Exchange {
  readonly request: {
    readonly method: string;
    /** With the query. */
    readonly path: string;
    readonly authorization?: string;
    readonly body?: unknown;
  };
  readonly response: { readonly status: number; readonly type?: string; readonly body?: unknown };
}

/** Several runs of a client against one kind of server. */
export interface Recording {
  /** Which server, and its version. */
  readonly server: string;
  readonly runs: Readonly<Record<string, readonly Exchange[]>>;
}

export interface HttpStand extends AsyncDisposable {
  readonly port: number;
}

/** On a port that is free. */
export async function serveHttp(
  answer: (request: Exchange["request"], raw: Buffer) => Promise<Exchange["response"]> | Exchange["response"],
): Promise<HttpStand> {
  const server = createServer((incoming, outgoing) => {
    read(incoming).then(async (raw) => send(outgoing, await answer(requestOf(incoming, raw), raw)), outgoing.destroy);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function requestOf({ method = "", url = "", headers }: IncomingMessage, raw: Buffer): Exchange["request"] {
  const { authorization } = headers;
  return {
    method,
    path: url,
    ...(authorization === undefined ? {} : { authorization }),
    ...bodyOf(raw.toString()),
  };
}

/** JSON as what it says, anything else as its text, nothing as nothing. */
export function bodyOf(text: string): { readonly body?: unknown } {
  if (text === "") return {};
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { body: text };
  }
}

function send(outgoing: ServerResponse, { status, type, body }: Exchange["response"]): void {
  outgoing.writeHead(status, type === undefined ? {} : { "content-type": type });
  outgoing.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
}
