import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestAuthority, createTlsFolder, type TestAuthority, type TlsFolder } from "../support/certificates.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { greeting } from "./http2-frames.ts";

/*
 * By the clock: how long each way of being slow holds a connection. What others have of it meanwhile is asked every half
 * second on both ports.
 */

const SLACK_MS = 5_000;
const CHECK = "relata.v1.AuthorizationService/Check";
const [CLEAR, SECURE] = [0, 1];
let servers: readonly TestServer[];
let authority: TestAuthority;
let folder: TlsFolder;

beforeAll(async () => {
  authority = await createTestAuthority();
  folder = createTlsFolder(await authority.server(), authority.ca);
  const clientTls = { rootCertificates: Buffer.from(authority.ca) };
  servers = await Promise.all([startTestServer(), startTestServer({ config: folder, clientTls })]);
  for (const server of servers) {
    await server.createTenant("acme");
    await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA });
    await writeTuples(server.client("acme"), "+document:1#viewer@user:anne");
  }
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  folder.remove();
});

interface Slow {
  readonly server: number;
  readonly port: "grpcPort" | "httpPort";
  readonly begin: (socket: Socket) => void;
  readonly drip?: string;
  readonly withinMs: number;
}

const HEAD = `POST /${CHECK} HTTP/1.1\r\nhost: relata\r\n`;
const ON_BOTH = ["grpcPort", "httpPort"] as const;

/** The first bytes of a record of TLS that says it has 512. */
const HALF_HELLO = Buffer.from([0x16, 3, 1, 2, 0, 1]);

const WAYS: Readonly<Record<string, Slow>> = {
  ...Object.fromEntries(
    ON_BOTH.flatMap(
      (port) =>
        [
          [`nothing on the ${port}`, { server: CLEAR, port, begin: () => undefined, withinMs: 10_000 }],
          [`half a preface on the ${port}`, { server: CLEAR, port, begin: (s) => s.write("PRI"), withinMs: 10_000 }],
          [`no handshake on the ${port}`, { server: SECURE, port, begin: () => undefined, withinMs: 10_000 }],
          [
            `half a handshake on the ${port}`,
            { server: SECURE, port, begin: (s) => s.write(HALF_HELLO), withinMs: 10_000 },
          ],
        ] satisfies [string, Slow][],
    ),
  ),
  "headers in drops": {
    server: CLEAR,
    port: "httpPort",
    begin: (socket) => socket.write(HEAD),
    drip: "x-slow: 1\r\n",
    withinMs: 10_000,
  },
  "a body in drops": {
    server: CLEAR,
    port: "httpPort",
    begin: (socket) => {
      const authorization = servers[CLEAR]?.issuer.bearer({ tenant: "acme" });
      const type = "content-type: application/json\r\ncontent-length: 100000\r\n";
      socket.write(`${HEAD}authorization: ${authorization}\r\n${type}\r\n{`);
    },
    drip: " ",
    withinMs: 60_000,
  },
  "a preface, and nothing more": {
    server: CLEAR,
    port: "httpPort",
    begin: (socket) => socket.write(greeting()),
    withinMs: 75_000,
  },
  "a preface, and no answer to any ping": {
    server: CLEAR,
    port: "grpcPort",
    begin: (socket) => socket.write(greeting()),
    withinMs: 80_000,
  },
};

/** @returns after how many milliseconds the server closed it; what is well beyond its bound is not waited for */
async function hold({ server, port, begin, drip, withinMs }: Slow): Promise<number> {
  const startedMs = performance.now();
  const socket = connect({ port: (servers[server] as TestServer)[port], host: "127.0.0.1" });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined);
  socket.resume();
  begin(socket);
  const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), 200);
  await Promise.race([closed, sleep(withinMs + 2 * SLACK_MS, undefined, { ref: false })]);
  clearInterval(dripping);
  socket.destroy();
  return performance.now() - startedMs;
}

test("whoever is slow is let go within the bound of what it is slow at, and nobody waits for it", async () => {
  const stopped = new AbortController();
  const served = (async () => {
    let calls = 0;
    while (!stopped.signal.aborted) {
      for (const server of servers) {
        const client = server.client("acme");
        await client.authorization.check(wireQuestion("document:1#view@user:anne"), { timeoutMs: 4_000 });
        client.close();
        calls += 1;
      }
      await sleep(500);
    }
    return calls;
  })();
  const held = await Promise.all(
    Object.entries(WAYS).map(async ([name, slow]) => {
      const times = await Promise.all(Array.from({ length: 20 }, () => hold(slow)));
      return [name, Math.max(...times) <= slow.withinMs + SLACK_MS ? "in time" : `${Math.max(...times)} ms`] as const;
    }),
  );
  stopped.abort();
  expect(Object.fromEntries(held)).toEqual(Object.fromEntries(Object.keys(WAYS).map((name) => [name, "in time"])));
  expect(await served).toBeGreaterThan(50);
}, 180_000);
