import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FirstBytes, onFirstBytes } from "../../src/rpc/connections/first-bytes.ts";

const TIMEOUT_MS = 600;
let server: Server;
let said: FirstBytes[] = [];

beforeAll(async () => {
  server = createServer((socket) =>
    onFirstBytes(socket, TIMEOUT_MS, (speaks) => {
      said.push(speaks);
      socket.end();
    }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());

/** Sends each part when the one before is on its way. @returns what the connection was taken for when it closed */
async function begin(...parts: readonly string[]): Promise<FirstBytes | undefined> {
  said = [];
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  socket.resume();
  const closed = once(socket, "close");
  await once(socket, "connect");
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS / 10));
  }
  await closed;
  return said[0];
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

test("a whole preface is HTTP/2, in however many parts; anything else is HTTP/1.1", async () => {
  expect(await begin(PREFACE)).toBe("http2");
  expect(await begin("PRI * HT", PREFACE.slice(8))).toBe("http2");
  expect(await begin("P", "OST / HTTP/1.1\r\n")).toBe("http1");
  expect(await begin(PREFACE.slice(0, 15), "nothing of the kind")).toBe("http1");
});

test("a preface that is not finished is not handed on to wait for good", async () => {
  expect(await begin(PREFACE.slice(0, -1))).toBeUndefined();
});

test("a byte now and then buys no time", async () => {
  expect(await begin(...PREFACE)).toBeUndefined();
});
