import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Authenticator, createAuthenticator } from "../../src/auth/authenticate.ts";
import { REFUSALS, type RefusalReason, refusalReason, UNAUTHENTICATED_MESSAGE } from "../../src/auth/refusal.ts";
import type { Peer } from "../../src/model/peer.ts";
import { createClock } from "../support/clock.ts";
import { startTestCluster } from "../support/kubernetes-tokens.ts";
import { startTestTrustDomain } from "../support/spiffe-tokens.ts";
import { startTestIssuer } from "../support/tokens.ts";
import { badCertificateBindings } from "./bad-bindings-to-certificates.ts";
import { badClaims } from "./bad-claims.ts";
import { badHeaders } from "./bad-headers.ts";
import { badKeys, publishUnfitKeys } from "./bad-keys.ts";
import { badServiceAccounts } from "./bad-service-accounts.ts";
import { badShapes } from "./bad-shapes.ts";
import { badSvids } from "./bad-svids.ts";
import { recordLog, refused } from "./rig.ts";
import { type BadToken, CERTIFICATE, type World } from "./world.ts";

const TABLE: readonly BadToken[] = [
  ...badShapes,
  ...badHeaders,
  ...badKeys,
  ...badClaims,
  ...badSvids,
  ...badServiceAccounts,
  ...badCertificateBindings,
];

/** Reasons that take more than a bad token, and the tests that bring them about. */
const ELSEWHERE: Partial<Record<RefusalReason, string>> = {
  keys_unavailable: "./keys.test.ts",
  revoked: "./trust-view.test.ts",
  certificate_missing: "./certificate-binding.test.ts",
  api_token_malformed: "../credentials/api-tokens.test.ts",
  api_token_unknown: "../credentials/api-tokens.test.ts",
  api_token_secret_wrong: "../credentials/api-tokens.test.ts",
  api_token_revoked: "../credentials/api-tokens.test.ts",
  api_token_expired: "../credentials/api-tokens.test.ts",
  api_token_address: "../credentials/api-tokens.test.ts",
  api_token_tenant_gone: "./api-tokens.test.ts",
};

const PEER: Peer = { address: "192.0.2.1", certificateSha256: CERTIFICATE };

let world: World;
let auth: Authenticator;
const log = recordLog();

beforeAll(async () => {
  const clock = createClock();
  const [oauth, oidc, bound, certified, spiffe, neighbour, kubernetes] = await Promise.all([
    startTestIssuer({ now: clock.now, algorithm: "ES256" }),
    startTestIssuer({ now: clock.now, algorithm: "RS256", profile: "oidc", path: "/realms/acme" }),
    startTestIssuer({ now: clock.now, algorithm: "EdDSA" }),
    startTestIssuer({ now: clock.now }),
    startTestTrustDomain("prod.example", { now: clock.now }),
    startTestTrustDomain("stage.example", { now: clock.now }),
    startTestCluster({ now: clock.now }),
  ]);
  const everyone = { tenants: ["acme"], platform: false, scopes: ["check"] } as const;
  world = { clock, oauth, oidc, bound, certified, spiffe, neighbour, kubernetes, unfit: publishUnfitKeys(oidc) };
  auth = createAuthenticator(
    {
      issuers: [
        oauth.trust(),
        oidc.trust({ algorithms: ["RS256", "ES256", "EdDSA"] }),
        bound.trust({ tenant: { kind: "bindings" } }),
        certified.trust({ requireCertificateBinding: true }),
        spiffe.trust({ requireSingleAudience: true }),
        neighbour.trust(),
        kubernetes.trust(),
      ],
      bindings: [
        { ...everyone, issuer: bound.issuer, subject: "service" },
        { ...everyone, issuer: bound.issuer, subject: "repo:acme/*" },
        { ...everyone, issuer: "spiffe://prod.example", subject: "spiffe://prod.example/*" },
        { ...everyone, issuer: "spiffe://stage.example", subject: "spiffe://stage.example/*" },
        { ...everyone, issuer: kubernetes.issuer, subject: "system:serviceaccount:shop:cart" },
      ],
      maxTokenBytes: 4096,
    },
    { now: clock.now, log: log.log },
  );
});

afterAll(async () => {
  auth.close();
  const { oauth, oidc, bound, certified, spiffe, neighbour, kubernetes } = world;
  await Promise.all([oauth, oidc, bound, certified, spiffe, neighbour, kubernetes].map((opened) => opened.close()));
});

describe("a bad token is refused for its own reason, and the good one beside it is accepted", () => {
  test.each(TABLE.map((row) => [row.reason, row.name, row] as const))("%s: %s", async (reason, _name, row) => {
    const good = (row.good ?? ((w) => w.oauth.bearer()))(world);
    await expect(auth.authenticate(good, PEER)).resolves.toMatchObject({
      grant: { kind: "tenants", slugs: ["acme"] },
    });
    const error = await refused(auth.authenticate(row.bad(world), PEER));
    expect(refusalReason(error)).toBe(reason);
    expect(error).toMatchObject({ reason: "UNAUTHENTICATED", message: UNAUTHENTICATED_MESSAGE, metadata: {} });
    expect(error.cause).toBeUndefined();
  });

  test("the table is as long as it claims, and leaves no reason out", () => {
    expect(TABLE.length).toBeGreaterThanOrEqual(45);
    expect(new Set(TABLE.map((row) => row.name)).size).toBe(TABLE.length);
    const inTable = new Set<string>(TABLE.map((row) => row.reason));
    expect(Object.keys(REFUSALS).filter((reason) => !inTable.has(reason) && !(reason in ELSEWHERE))).toEqual([]);
    for (const [reason, file] of Object.entries(ELSEWHERE)) {
      expect(readFileSync(new URL(file, import.meta.url), "utf8"), `${reason} in ${file}`).toContain(`"${reason}"`);
    }
  });
});

test("neither an error nor a log line holds a piece of a token", async () => {
  const told: string[] = [];
  const segments = new Set<string>();
  for (const row of TABLE) {
    const authorization = row.bad(world);
    const error = await refused(auth.authenticate(authorization, PEER));
    told.push(JSON.stringify([error.message, error.detail, error.metadata, error.stack, error.cause]));
    for (const segment of (authorization ?? "").split(/[ .,]/)) if (segment.length >= 12) segments.add(segment);
  }
  told.push(...log.lines.map((line) => JSON.stringify(line)));
  expect(segments.size).toBeGreaterThan(100);
  const leaked = [...segments].filter((segment) => told.some((line) => line.includes(segment)));
  expect(leaked).toEqual([]);
});

test("foreign text is quoted and cut before it gets into the log", async () => {
  const error = await refused(auth.authenticate(world.oauth.bearer({ iss: `\n${"x".repeat(1000)}` }), PEER));
  expect(error.detail).toMatch(/^issuer_unknown: "\\nx{70,80}…$/);
});

test("a header that points at a key elsewhere makes nobody fetch it", () => {
  expect([...world.oauth.fetches.other, ...world.oidc.fetches.other]).toEqual([]);
});
