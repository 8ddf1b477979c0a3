import { afterAll, beforeAll, expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import {
  CLIENT_ID,
  type IdentityProvider,
  OTHER_AUDIENCE,
  startIdentityProvider,
} from "../support/identity-provider.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

/** A whole relata that trusts oidc-provider by discovery: what it issues to a client, and what else it issues. */
let idp: IdentityProvider;
let issuer: TestIssuer;
let server: TestServer;
let first: string;
const clients: RelataClient[] = [];

beforeAll(async () => {
  [idp, issuer] = await Promise.all([startIdentityProvider(), startTestIssuer()]);
  const operator = { issuer: issuer.issuer, subject: "operator", platform: true, tenants: [] };
  const bound = { issuer: idp.issuer, subject: CLIENT_ID, platform: false, tenants: ["acme"] };
  server = await startTestServer({
    issuer,
    config: {
      issuers: [issuer.trust(), idp.trust()],
      bindings: [
        { ...operator, scopes: ["tenants:read", "tenants:write"] },
        { ...bound, scopes: ["check"], objects: [{ type: "document" }] },
      ],
    },
  });
  await server.createTenant("acme");
  const admin = server.client("acme");
  await admin.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(admin, "+document:1#viewer@user:anne");
  first = await idp.clientToken(idp.audience);
});

afterAll(async () => {
  for (const client of clients) client.close();
  await server.close();
  await Promise.all([idp.close(), issuer.close()]);
});

const FULLY = { requirement: { case: "fullyConsistent" as const, value: true } };

/** What a Check by this token is answered: a decision, or the reason of an error. */
async function check(token: string, question = "document:1#view@user:anne"): Promise<string> {
  const client = createRelataClient({ address: server.grpcAddress, token: () => token });
  clients.push(client);
  try {
    const { decision } = await client.authorization.check({ ...wireQuestion(question), consistency: FULLY });
    return decision === Decision.ALLOWED ? "ALLOWED" : decision === Decision.DENIED ? "DENIED" : `${decision}`;
  } catch (error) {
    if (error instanceof CallError) return error.reason;
    throw error;
  }
}

/** Why the server's log says the last call was refused. */
function refusal(): unknown {
  return String(server.logLines().findLast((line) => line["reason"] === "UNAUTHENTICATED")?.["detail"]).split(":")[0];
}

test("a client's access token for relata is accepted, in the tenant and for the objects it is bound to", async () => {
  expect(await check(first)).toBe("ALLOWED");
  expect(await check(first, "document:1#view@user:ben")).toBe("DENIED");
  expect(await check(first, "folder:1#viewer@user:anne")).toBe("PERMISSION_DENIED");
});

test.each<[string, () => Promise<string>, string]>([
  ["an access token for another resource server", () => idp.clientToken(OTHER_AUDIENCE), "audience_mismatch"],
  ["an opaque access token", () => idp.clientToken(), "malformed_parts"],
  ["the ID token of a person who signed in", async () => (await idp.signIn()).idToken, "typ_not_allowed"],
  ["a person's opaque access token", async () => (await idp.signIn()).accessToken, "malformed_parts"],
])("%s is refused", async (_name, tokenOf, reason) => {
  const token = await tokenOf();
  expect(token.length).toBeGreaterThan(20);
  expect(await check(token)).toBe("UNAUTHENTICATED");
  expect(refusal()).toBe(reason);
});

test("a new key is followed without a restart, and what the removed one signed ends with it", async () => {
  expect(await check(first)).toBe("ALLOWED");
  idp.rotate();
  const second = await idp.clientToken(idp.audience);
  expect(second.split(".")[0]).not.toBe(first.split(".")[0]);
  expect(await check(second)).toBe("ALLOWED");
  expect(await check(first)).toBe("UNAUTHENTICATED");
  expect(refusal()).toBe("key_unknown");
});
