import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";

/** Three processes of one fleet: what is changed on the first holds on all. */
let nodes: readonly [TestServer, TestServer, TestServer];

beforeAll(async () => {
  const first = await startTestServer();
  const { database, issuer } = first;
  nodes = [first, await startTestServer({ database, issuer }), await startTestServer({ database, issuer })];
  await first.createTenant("acme");
});
afterAll(async () => {
  for (const node of nodes.toReversed()) await node.close();
});

/** What each node says to a caller who asks for its tenant's schema. */
function answers(token: string): Promise<readonly string[]> {
  return Promise.all(
    nodes.map(async (node) => {
      await node.trust.poll();
      const response = await fetch(`${node.httpUrl}/relata.v1.SchemaService/Validate`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ text: "definition user {}" }),
      });
      const { code = "ok" } = (await response.json()) as { readonly code?: string };
      return code;
    }),
  );
}

it("refuses a JWT on every node once its jti is revoked on one, and no other", async () => {
  const [first] = nodes;
  const { issuer } = first;
  const [revoked, other] = [issuer.mint({ jti: "stolen" }), issuer.mint({ jti: "kept" })];
  expect(await answers(revoked)).toEqual(["ok", "ok", "ok"]);
  await first.operator.credentials.revokeJwt({
    issuer: issuer.issuer,
    what: { case: "tokenId", value: "stolen" },
    reason: "found in a log",
  });
  expect(await answers(revoked)).toEqual(["unauthenticated", "unauthenticated", "unauthenticated"]);
  expect(await answers(other)).toEqual(["ok", "ok", "ok"]);
});

it("binds a subject on every node, and unbinds it", async () => {
  const [first] = nodes;
  const { issuer } = first;
  const operator = () => issuer.mint({ sub: "ops:deploy", tenant: undefined });
  const list = (node: TestServer) =>
    fetch(`${node.httpUrl}/relata.v1.TenantService/List`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${operator()}` },
      body: "{}",
    }).then(({ status }) => status);
  const key = { issuer: issuer.issuer, subject: "ops:*", name: "" };
  const statuses = async () => {
    for (const node of nodes) await node.trust.poll();
    return Promise.all(nodes.map(list));
  };
  expect(await statuses()).toEqual([401, 401, 401]);
  await first.operator.credentials.putBinding({ binding: { ...key, platform: true, scopes: ["tenants:read"] } });
  expect(await statuses()).toEqual([200, 200, 200]);
  await first.operator.credentials.deleteBinding(key);
  expect(await statuses()).toEqual([401, 401, 401]);
});
