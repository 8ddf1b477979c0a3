import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { RelataClient } from "../../../src/client/relata-client.ts";
import { backUp, beginOutage, endOutage } from "../../support/outage.ts";
import { createTestDatabase, type TestDatabase } from "../../support/postgres.ts";
import { connectionTo } from "../../support/postgres-connection.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { startTestIssuer, type TestIssuer } from "../../support/tokens.ts";
import { waitFor } from "../../support/wait.ts";
import { letInAfter, type Use, useUntil } from "./load.ts";
import { LISTEN_MARKER, TENANT } from "./node.ts";

/** Short, so that waiting it out is. */
const BOUND_MS = 600;

/** Two processes' worth of relata over one database: what is taken away on `near` must end on `far`, whose way to it is bad. */
let near: TestServer;
let far: TestServer;
let proxy: TcpProxy;
let database: TestDatabase;
let issuer: TestIssuer;

beforeAll(async () => {
  database = await createTestDatabase();
  issuer = await startTestIssuer();
  proxy = await startTcpProxy({ ...database.app, markers: [LISTEN_MARKER] });
  // The guard would turn these callers away before their credentials are looked at.
  const config = { trustMaxAgeMs: BOUND_MS, pollIntervalMs: 50, refusedCredentialRate: 0 };
  near = await startTestServer({ database, issuer, config });
  const app = connectionTo({ ...database.app, host: "127.0.0.1", port: proxy.port });
  // A call that is caught in the fault should not keep its caller for long.
  const deadlines = { defaultDeadlineMs: BOUND_MS, maxDeadlineMs: BOUND_MS };
  far = await startTestServer({ database: { ...database, app }, issuer, config: { ...config, ...deadlines } });
  await near.createTenant(TENANT);
}, 60_000);
afterEach(async () => {
  proxy.thaw();
  // An outage is one for both.
  for (const node of [near, far])
    await waitFor("the nodes to follow again", () =>
      node.trust.poll().then(
        () => true,
        () => false,
      ),
    );
});
afterAll(async () => {
  await far.close();
  await near.close();
  await proxy.close();
  await issuer.close();
  await database.drop();
});

/** Callers of the far node, each with one credential over and over, until the test ends. */
function startUses(tokens: Readonly<Record<string, string>>) {
  const over = new AbortController();
  const uses: Record<string, Use[]> = {};
  const callers = Object.entries(tokens).map(([name, token]) => {
    const noted: Use[] = [];
    uses[name] = noted;
    const node = { name, address: far.grpcAddress };
    return useUntil(node, token, noted, over.signal, askOfNothingStored);
  });
  const isLast = (name: string, outcome: string, afterMs: number) => {
    const use = uses[name]?.at(-1);
    return use !== undefined && use.beganAtMs > afterMs && use.outcome === outcome;
  };
  return {
    of: (name: string): readonly Use[] => uses[name] ?? [],
    /** Resolves once the last use of each was of this outcome, and began after that. */
    last: (names: readonly string[], outcome: string, afterMs = 0) =>
      waitFor(`${names} to be ${outcome}`, () => names.every((name) => isLast(name, outcome, afterMs))),
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(callers);
    },
  };
}

/** Needs a credential and, once its tenant is known, nothing of the database. */
const askOfNothingStored = (client: RelataClient) => client.schemas.validate({ text: "definition user {}" });

const isRefusal = (outcome: string) => outcome === "UNAUTHENTICATED" || outcome === "PERMISSION_DENIED";

const revoke = (tokenId: string) =>
  near.operator.credentials.revokeJwt({ issuer: issuer.issuer, what: { case: "tokenId", value: tokenId } });

async function createApiToken() {
  const { secret, token } = await near
    .client(TENANT)
    .credentials.createApiToken({ name: "feed", scopes: ["schema:read"] });
  return { secret, keyId: token?.keyId ?? "" };
}

interface Fault {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "has fallen silent": { begin: () => proxy.freeze(), end: () => proxy.thaw() },
  "is cut, and silent when it is made anew": {
    begin() {
      proxy.freeze();
      proxy.cut();
    },
    end: () => proxy.thaw(),
  },
  "takes longer than the bound": { begin: () => proxy.delay(BOUND_MS), end: () => proxy.delay(0) },
  "ends at a database that is gone": { begin: () => beginOutage(database), end: () => endOutage(database) },
};

test.each(Object.entries(FAULTS))(
  "a node whose way to the database %s lets nobody in past the bound, asks no oftener the more call, and recovers",
  async (_, fault) => {
    const jti = randomUUID();
    const tokens = {
      jwt: issuer.mint({ tenant: TENANT }),
      revoked: issuer.mint({ tenant: TENANT, jti }),
      apiToken: (await createApiToken()).secret,
    };
    await using uses = startUses(tokens);
    await uses.last(Object.keys(tokens), "ok");

    await fault.begin();
    const beganAtMs = performance.now();
    // Where the database is gone, it is for this too.
    const revokedAtMs = await revoke(jti).then(
      () => performance.now(),
      () => undefined,
    );
    await uses.last(Object.keys(tokens), "CREDENTIALS_UNCONFIRMED", beganAtMs + BOUND_MS);
    const [refused, reads] = [uses.of("jwt").length, far.trust.stats().polls];
    await waitFor("more refusals", () => uses.of("jwt").length > refused + 20);
    expect(far.trust.stats().polls - reads).toBeLessThan(10);

    const endedAtMs = performance.now();
    await fault.end();
    await uses.last(["jwt", "apiToken"], "ok", endedAtMs);
    for (const name of Object.keys(tokens)) {
      const during = uses.of(name).filter((use) => use.endedAtMs < endedAtMs);
      expect(letInAfter(during, beganAtMs + BOUND_MS), name).toEqual([]);
    }
    // Lost, late, unknown: but never "no".
    const wrong = ["jwt", "apiToken"].flatMap((name) => uses.of(name).filter(({ outcome }) => isRefusal(outcome)));
    expect(wrong).toEqual([]);
    if (revokedAtMs === undefined) return;
    await uses.last(["revoked"], "UNAUTHENTICATED");
    expect(letInAfter(uses.of("revoked"), revokedAtMs + BOUND_MS)).toEqual([]);
  },
  60_000,
);

test("hints that are lost cost nothing but time: polls alone keep the bound", async () => {
  const jti = randomUUID();
  const { secret: apiToken, keyId } = await createApiToken();
  await using uses = startUses({ jwt: issuer.mint({ tenant: TENANT, jti }), apiToken });
  await uses.last(["jwt", "apiToken"], "ok");
  proxy.freeze({ where: (link) => link.hasSent(LISTEN_MARKER), direction: "down" });
  await revoke(jti);
  await near.client(TENANT).credentials.revokeApiToken({ keyId });
  const revokedAtMs = performance.now();
  await uses.last(["jwt", "apiToken"], "UNAUTHENTICATED");
  for (const name of ["jwt", "apiToken"]) expect(letInAfter(uses.of(name), revokedAtMs + BOUND_MS)).toEqual([]);
});

test("over a database put back to a backup both nodes believe what it says now, and nobody is let in on what it does not", async () => {
  const [kept, lost] = [randomUUID(), randomUUID()];
  const before = await createApiToken();
  await revoke(kept);
  const restore = await backUp(database);
  await waitFor("the database to be back", () => revoke(lost).catch(() => undefined));
  await near.client(TENANT).credentials.revokeApiToken({ keyId: before.keyId });
  const after = await createApiToken();
  const mint = (jti: string) => issuer.mint({ tenant: TENANT, jti });
  const { loads } = far.trust.stats();
  await using uses = startUses({
    jwt: mint(randomUUID()),
    kept: mint(kept),
    lost: mint(lost),
    before: before.secret,
    after: after.secret,
  });
  await uses.last(["jwt", "after"], "ok");
  await uses.last(["kept", "lost", "before"], "UNAUTHENTICATED");
  await restore();
  const restoredAtMs = performance.now();
  // What came after the backup is gone: a token that was made, and revocations, which the audit export names.
  await uses.last(["jwt", "before", "lost"], "ok", restoredAtMs);
  await uses.last(["kept", "after"], "UNAUTHENTICATED", restoredAtMs);
  expect(letInAfter(uses.of("after"), restoredAtMs + BOUND_MS)).toEqual([]);
  expect(letInAfter(uses.of("kept"), 0)).toEqual([]);
  expect(far.trust.stats().loads).toBe(loads + 1);
});
