import { once } from "node:events";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A server that says every byte back, behind a proxy. */
async function startEcho(): Promise<{ readonly proxy: TcpProxy; readonly received: () => string }> {
  let received = "";
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received += chunk;
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const proxy = await startTcpProxy({ host: "127.0.0.1", port, markers: ["LISTEN"] });
  cleanups.push(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { proxy, received: () => received };
}

async function dial(proxy: TcpProxy) {
  const socket = net.connect(proxy.port, "127.0.0.1");
  let heard = "";
  let waiting: { readonly text: string; readonly resolve: () => void } | undefined;
  socket.on("data", (chunk) => {
    heard += chunk;
    if (waiting !== undefined && heard.includes(waiting.text)) waiting.resolve();
  });
  const ended = new Promise<string>((resolve) => {
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.on("close", () => resolve("closed"));
  });
  cleanups.push(() => void socket.destroy());
  await once(socket, "connect");
  return {
    socket,
    ended,
    heard: () => heard,
    hears: (text: string) =>
      heard.includes(text) ? Promise.resolve() : new Promise<void>((resolve) => (waiting = { text, resolve })),
  };
}

test("passes bytes both ways, and an end", async () => {
  const { proxy } = await startEcho();
  const client = await dial(proxy);
  client.socket.end("hello");
  expect(await client.ended).toBe("closed");
  expect(client.heard()).toBe("hello");
});

test("cuts the connections that are asked for by a reset", async () => {
  const { proxy } = await startEcho();
  const [first, second] = [await dial(proxy), await dial(proxy)];
  first.socket.write("LISTEN tenants");
  await first.hears("LISTEN");
  proxy.cut((link) => link.hasSent("LISTEN"));
  expect(await first.ended).toBe("ECONNRESET");
  second.socket.write("still here");
  await second.hears("still here");
});

test("freezes without a word, one connection beside another, and lets everything through once it thaws", async () => {
  const { proxy, received } = await startEcho();
  const [frozen, free] = [await dial(proxy), await dial(proxy)];
  proxy.freeze({ where: (link) => link.hasSent("LISTEN") });
  frozen.socket.write("LISTEN a");
  free.socket.write("go");
  await free.hears("go");
  // What was sent before is on its way for longer than this.
  expect(received()).toBe("go");
  frozen.socket.write(", b");
  free.socket.write("on");
  await free.hears("goon");
  expect(frozen.heard()).toBe("");
  proxy.thaw();
  await frozen.hears("LISTEN a, b");
});

test("freezes the answers alone", async () => {
  const { proxy, received } = await startEcho();
  const client = await dial(proxy);
  client.socket.write("one");
  await client.hears("one");
  proxy.freeze({ direction: "down" });
  client.socket.write("two");
  const witness = net.connect(proxy.port, "127.0.0.1");
  cleanups.push(() => void witness.destroy());
  while (!received().includes("two")) await new Promise((resolve) => setImmediate(resolve));
  expect(client.heard()).toBe("one");
  proxy.thaw();
  await client.hears("onetwo");
});

test("holds new connections while all are frozen", async () => {
  const { proxy, received } = await startEcho();
  proxy.freeze();
  const client = await dial(proxy);
  client.socket.write("early");
  while (proxy.links().length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(received()).toBe("");
  proxy.thaw();
  await client.hears("early");
});

test("delays, in order", async () => {
  const { proxy } = await startEcho();
  const client = await dial(proxy);
  const startedAtMs = performance.now();
  proxy.delay(20);
  client.socket.write("a");
  await client.hears("a");
  expect(performance.now() - startedAtMs).toBeGreaterThan(39);
  client.socket.write("b");
  proxy.delay(0);
  client.socket.write("c");
  await client.hears("abc");
});
