import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BindingSchema } from "../../src/gen/relata/v1/credential_service_pb.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

const TRUST_DOMAIN = "spiffe://prod.example";
const CLUSTER = "https://cluster.example";
const OPEN = "https://own-idp.example";

let issuer: TestIssuer;
let server: TestServer;
beforeAll(async () => {
  issuer = await startTestIssuer();
  const byBindings = (changes: Partial<TrustedIssuer>) =>
    issuer.trust({
      tenant: { kind: "bindings" },
      keys: { kind: "jwks", url: "https://keys.example/jwks" },
      ...changes,
    });
  const issuers = [
    issuer.trust(),
    byBindings({ issuer: "https://idp.example" }),
    byBindings({ issuer: OPEN, bindAnySubject: true }),
    byBindings({ issuer: TRUST_DOMAIN, profile: "spiffe", algorithms: ["ES256"] }),
    byBindings({ issuer: CLUSTER, profile: "kubernetes", algorithms: ["ES256"], requireUid: true }),
  ];
  server = await startTestServer({ issuer, config: { issuers, maxRevocations: 3 } });
  await server.createTenant("acme");
});
afterAll(async () => {
  await server.close();
  await issuer.close();
});

type NewBinding = MessageInitShape<typeof BindingSchema>;
const put = (changes: NewBinding) =>
  server.operator.credentials.putBinding({ binding: { tenants: ["acme"], scopes: ["check"], ...changes } });

describe("a binding by API is held to what one in the configuration is", () => {
  it.each<[string, NewBinding, RegExp]>([
    ["of an issuer nobody trusts", { issuer: "https://other.example", subject: "a" }, /not among the trusted ones/],
    ["of everybody", { issuer: "https://idp.example", subject: "*" }, /"\*" is everybody its issuer knows/],
    ["of everybody to the platform", { issuer: OPEN, subject: "*", platform: true, tenants: [] }, /not for every/],
    ["with a star inside", { issuer: "https://idp.example", subject: "a*b" }, /at its end only/],
    ["of another trust domain", { issuer: TRUST_DOMAIN, subject: "spiffe://other/a" }, /no SPIFFE ID of this trust/],
    ["of a domain that begins alike", { issuer: TRUST_DOMAIN, subject: `${TRUST_DOMAIN}*` }, /no SPIFFE ID of this/],
    ["of all a trust domain signs", { issuer: TRUST_DOMAIN, subject: "*" }, /no SPIFFE ID of this trust domain/],
    ["of what is no service account", { issuer: CLUSTER, subject: "deploy" }, /a service account is/],
    ["of half a namespace", { issuer: CLUSTER, subject: "system:serviceaccount:prod*" }, /namespace must be whole/],
    ["without the uid", { issuer: CLUSTER, subject: "system:serviceaccount:prod:api" }, /requires the uid/],
  ])("%s: refused, in the same words", async (_, changes, words) => {
    await expect(put(changes)).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: expect.stringMatching(words),
    });
  });

  it("is refused where its issuer's tokens say the tenant themselves", async () => {
    await expect(put({ issuer: issuer.issuer, subject: "a" })).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: expect.stringMatching(/takes the tenant from a claim/),
    });
  });

  it("is made where the profile has such subjects, and everybody's where the issuer allows it", async () => {
    const made = [
      { issuer: "https://idp.example", subject: "repo:acme/*" },
      { issuer: TRUST_DOMAIN, subject: `${TRUST_DOMAIN}/api/*` },
      { issuer: CLUSTER, subject: "system:serviceaccount:prod:api:7f2c" },
      { issuer: OPEN, subject: "*" },
    ];
    for (const binding of made) await put(binding);
    const { bindings } = await server.operator.credentials.listBindings({});
    expect(bindings.map(({ subject }) => subject).toSorted()).toEqual(made.map(({ subject }) => subject).toSorted());
  });
});

it("gives nobody more of the platform than whoever puts it holds there", async () => {
  const keeper = "repo:ops/keeper";
  const idp = "https://idp.example";
  const platform = { issuer: issuer.issuer, platform: true, tenants: [] };
  await put({ ...platform, subject: keeper, scopes: ["credentials:write"] });
  await server.trust.poll();
  const { credentials } = server.client("", { sub: keeper, tenant: undefined });
  for (const scopes of [["tenants:write"], ["audit:read", "credentials:write"], ["check"]]) {
    const wide = credentials.putBinding({ binding: { ...platform, subject: "friend", scopes } });
    await expect(wide).rejects.toMatchObject({ reason: "CREDENTIAL_TOO_BROAD" });
    const own = credentials.putBinding({ binding: { ...platform, subject: keeper, name: "more", scopes } });
    await expect(own).rejects.toMatchObject({ reason: "CREDENTIAL_TOO_BROAD" });
  }
  await credentials.putBinding({ binding: { ...platform, subject: "friend", scopes: ["credentials:write"] } });
  // Into tenants it lets whom it likes: that is what the method is for.
  await credentials.putBinding({
    binding: { issuer: idp, subject: "ci", tenants: ["acme"], scopes: ["tuples:write"] },
  });
});

it("revokes no more than every process keeps, and says so instead of forgetting one", async () => {
  const revoke = (tokenId: string) =>
    server.operator.credentials.revokeJwt({ issuer: issuer.issuer, what: { case: "tokenId", value: tokenId } });
  const ids = ["r0", "r1", "r2"];
  for (const id of ids) await revoke(id);
  await server.trust.poll();
  await expect(revoke("r3")).rejects.toMatchObject({
    reason: "TOO_MANY_REVOCATIONS",
    message: expect.stringMatching(/3 revocations are live/),
    metadata: { live: "3", max: "3" },
  });
  const { revocations } = await server.operator.credentials.listRevocations({});
  expect(revocations.map(({ what }) => what.value)).toEqual(ids);
  const use = (jti: string) => server.client("acme", { jti }).schemas.validate({ text: "definition user {}" });
  for (const id of ids) await expect(use(id)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" });
  await use("r3");
});
