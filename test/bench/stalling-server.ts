// A real server in a process of its own, for the load generator to ask: it can be made to stand still, and to answer slowly.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { answerParent } from "../../bench/load/child.ts";

export type StallingOrder =
  | { readonly what: "start"; readonly maxStreams: number }
  /** So long after the next call the whole process stands still for a while: nothing is read, nothing is answered. */
  | { readonly what: "stall"; readonly afterMs: number; readonly forMs: number };

export interface StallingPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
}

const PASS = (bytes: Buffer): Buffer => bytes;
const BYTES = { requestSerialize: PASS, requestDeserialize: PASS, responseSerialize: PASS, responseDeserialize: PASS };
const UNARY = { requestStream: false, responseStream: false, ...BYTES };
const SERVICE = {
  Token: { path: "/test/Token", ...UNARY },
  Refuse: { path: "/test/Refuse", ...UNARY },
  Slow: { path: "/test/Slow", ...UNARY },
  Count: { path: "/test/Count", ...UNARY, responseStream: true },
};
type Call = ServerUnaryCall<Buffer, Buffer>;
const SLOW_MS = 300;

let ports: StallingPorts | undefined;
let armed: { readonly afterMs: number; readonly forMs: number } | undefined;

async function start(maxStreams: number): Promise<StallingPorts> {
  const grpc = new Server({ "grpc.max_concurrent_streams": maxStreams });
  grpc.addService(SERVICE, {
    Token: ({ metadata }: Call, answer: sendUnaryData<Buffer>) => {
      if (armed !== undefined) setTimeout(stall, armed.afterMs, armed.forMs);
      armed = undefined;
      answer(null, Buffer.from(token(metadata)));
    },
    Refuse: (_: Call, answer: sendUnaryData<Buffer>) => answer({ code: status.PERMISSION_DENIED, details: "no" }),
    Slow: (_: Call, answer: sendUnaryData<Buffer>) => void sleep(SLOW_MS).then(() => answer(null, Buffer.of(1))),
    /** As many messages as the first byte says. */
    Count: (call: ServerWritableStream<Buffer, Buffer>) => {
      for (let i = call.request[0] ?? 0; i > 0; i--) call.write(Buffer.alloc(i));
      call.end();
    },
  });
  const bind = grpc.bindAsync.bind(grpc, "127.0.0.1:0", ServerCredentials.createInsecure());
  const grpcPort = await new Promise<number>((resolve, reject) =>
    bind((error, port) => (error === null ? resolve(port) : reject(error))),
  );
  const http = createServer(answerHttp);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { grpcPort, httpPort: (http.address() as AddressInfo).port };
}

function token(metadata: Metadata): string {
  return String(metadata.get("authorization")[0] ?? "");
}

function answerHttp(request: IncomingMessage, response: ServerResponse): void {
  const answer = JSON.stringify({ allowed: true, token: request.headers.authorization });
  request.resume();
  request.once("end", () => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/refuse") response.writeHead(403).end('{"code":"permission_denied"}');
    else if (request.url === "/leave") response.destroy();
    else if (request.url === "/chunks") {
      for (const letter of answer) response.write(letter);
      response.end();
    } else response.writeHead(200, { "content-length": answer.length }).end(answer);
  });
}

function stall(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

answerParent<StallingOrder, StallingPorts | undefined>(
  async (order) => {
    if (order.what === "start") ports = await start(order.maxStreams);
    else armed = order;
    return ports;
  },
  () => process.exit(),
);
