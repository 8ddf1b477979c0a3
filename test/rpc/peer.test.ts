import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuthorizationService } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test.each(TRANSPORT_NAMES)("%s: who was refused is logged with the address", async (name) => {
  const client = createClient(AuthorizationService, TRANSPORTS[name](server, { "x-request-id": `refused ${name}` }));
  const before = server.logLines().length;
  await expect(client.check({})).rejects.toThrow();
  const line = server
    .logLines()
    .slice(before)
    .find(({ reason }) => reason === "UNAUTHENTICATED");
  expect(line).toMatchObject({ address: "127.0.0.1" });
});
