import { afterAll, beforeAll, expect, test } from "vitest";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test("a schema and tuples in, Check answered, for a caller proved by a token", async () => {
  const { slug } = await server.createTenant();
  const client = server.client(slug);
  const text = "definition user {}\ndefinition document {\n  relation viewer: user\n  permission view = viewer\n}\n";
  expect((await client.schemas.write({ text })).version).toBe(1);
  const document = { type: "document", id: "readme" };
  const tuple = { object: document, relation: "viewer", subject: { object: { type: "user", id: "anne" } } };
  const { consistencyToken } = await client.tuples.write({ updates: [{ operation: 1, tuple }] });
  const ask = (id: string) =>
    client.authorization.check({
      object: document,
      permission: "view",
      subject: { object: { type: "user", id } },
      consistency: { requirement: { case: "atLeastAsFresh", value: consistencyToken } },
      withDebug: true,
    });
  const anne = await ask("anne");
  expect(anne.decision).toBe(Decision.ALLOWED);
  expect(anne.debug).toMatchObject({ rounds: 1, rows: 1 });
  expect((await ask("bob")).decision).toBe(Decision.DENIED);
});
