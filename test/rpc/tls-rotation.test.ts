import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { createTestAuthority, createTlsFolder, type TestAuthority, type TlsFolder } from "../support/certificates.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait.ts";

let authority: TestAuthority;
let folder: TlsFolder;
let server: TestServer;

beforeAll(async () => {
  authority = await createTestAuthority();
  folder = createTlsFolder(await authority.server({ names: ["first.test"] }), authority.ca);
  server = await startTestServer({ config: { ...folder, tlsClientAuth: "require" } });
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

/** What the port proves itself with to somebody new. */
async function namesOf(port: number): Promise<string> {
  const { cert, key } = await authority.client();
  const socket = connect({ port, host: "127.0.0.1", ca: authority.ca, cert, key, ALPNProtocols: ["h2"] });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const names = socket.getPeerX509Certificate()?.subjectAltName ?? "";
  socket.destroy();
  return names;
}

/** Calls on connections that stay and on new ones, on both ports, until it is stopped. @returns how many were answered */
async function load(stopped: AbortSignal): Promise<number> {
  const { cert, key } = await authority.client();
  const nodeOptions = { ca: authority.ca, cert, key };
  const urls = [`https://${server.grpcAddress}`, `https://127.0.0.1:${server.httpPort}`];
  const open = () => urls.map((baseUrl) => createClient(Health, createGrpcTransport({ baseUrl, nodeOptions })));
  const kept = open();
  let answered = 0;
  while (!stopped.aborted) {
    // Whatever is lost rejects, and fails the test.
    const answers = await Promise.all([...kept, ...open()].map((client) => client.check({})));
    answered += answers.filter(({ status }) => status === 1).length;
    await sleep(100);
  }
  return answered;
}

test("new files are taken into use by both ports, and nobody is cut off for it", async () => {
  const { cert, key } = await authority.client();
  const nodeOptions = { ca: authority.ca, cert, key };
  const transport = createGrpcTransport({ baseUrl: `https://${server.grpcAddress}`, nodeOptions });
  const health = createClient(Health, transport);
  const left = new AbortController();
  const watch = health.watch({}, { signal: left.signal })[Symbol.asyncIterator]();
  await expect(watch.next()).resolves.toMatchObject({ value: { status: 1 } });
  expect(await namesOf(server.grpcPort)).toContain("first.test");

  const enough = new AbortController();
  const answered = load(enough.signal);
  folder.write(await authority.server({ names: ["second.test"] }));
  await waitFor("the second certificate", async () => (await namesOf(server.grpcPort)).includes("second.test"));
  expect(await namesOf(server.httpPort)).toContain("second.test");

  // A key that is not the certificate's, as between the writing of one file and of the other.
  const third = await authority.server({ names: ["third.test"] });
  folder.write({ ...third, key: (await authority.server()).key });
  await waitFor("a warning", () => server.logText().includes("do not fit together"));
  expect(await namesOf(server.grpcPort)).toContain("second.test");
  folder.write(third);
  await waitFor("the third certificate", async () => (await namesOf(server.grpcPort)).includes("third.test"));

  enough.abort();
  expect(await answered).toBeGreaterThan(4);
  const next = watch.next();
  const closed = server.close();
  await expect(next, "the stream of the first connection goes on").resolves.toMatchObject({ value: { status: 2 } });
  left.abort();
  await closed;
});
