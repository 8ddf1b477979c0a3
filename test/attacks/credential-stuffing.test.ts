import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditEvent } from "../../src/gen/relata/v1/audit_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { callRaw, postJson, type SeenError } from "../support/server-raw.ts";
import { createTestKey, signToken } from "../support/tokens-raw.ts";
import { waitFor } from "../support/wait.ts";

const RATE = 2;
/** Ten seconds' worth. */
const AT_ONCE = 10 * RATE;
const ATTEMPTS = 4 * AT_ONCE;
const CHECK = "relata.v1.AuthorizationService/Check";
/** An empty question gets this far only behind authentication. */
const LET_IN = "INVALID_OBJECT";
const ATTACKER = "203.0.113.9";

let server: TestServer;
let clockMs = performance.now();
/** Known from before, behind the attacker's address. */
let known: string;

beforeAll(async () => {
  const config = { refusedCredentialRate: RATE, trustedProxies: ["127.0.0.1"], trustMaxAgeMs: 60_000 };
  server = await startTestServer({ config, monotonic: () => clockMs });
  await server.createTenant("acme");
  known = server.issuer.bearer({ tenant: "acme", sub: "known" });
});
afterAll(() => server.close());

type Ask = (address: string, authorization: string) => Promise<SeenError & { readonly retryAfter?: string | null }>;

const ASK: readonly Ask[] = [
  async (address, authorization) => {
    const { error } = await callRaw(server.grpcAddress, CHECK, new Uint8Array(), {
      authorization,
      "x-forwarded-for": address,
    });
    return error as SeenError;
  },
  async (address, authorization) => {
    const headers = { authorization, "x-forwarded-for": address };
    const answer = await postJson(server.httpUrl, CHECK, {}, headers);
    return { ...(answer.error as SeenError), retryAfter: answer.headers.get("retry-after") };
  },
];

/** A token as the issuer makes them, but for its signature. */
function forged(): string {
  const stranger = createTestKey("ES256", { kid: server.issuer.key().kid });
  return `Bearer ${signToken(server.issuer.header(), server.issuer.claims(), stranger)}`;
}

const fresh = (sub: string) => server.issuer.bearer({ tenant: "acme", sub });

async function reasons(address: string, authorization: string): Promise<readonly string[]> {
  return Promise.all(ASK.map(async (ask) => (await ask(address, authorization)).reason));
}

test("credential stuffing: one address is limited and on record, everybody else and whoever is known is served", async () => {
  expect(await reasons(ATTACKER, known)).toEqual([LET_IN, LET_IN]);
  const bad = [forged(), "Bearer rlt_live_aaaaaaaaaaaa_guess", "Bearer x.y.z"];
  const seen: string[] = [];
  for (let i = 0; i < ATTEMPTS; i++) {
    const error = await ASK[i % 2]?.(ATTACKER, bad[i % bad.length] ?? "");
    seen.push(error?.reason ?? "");
    if (error?.reason === "RATE_LIMITED" && i % 2 === 1) expect(Number(error.retryAfter)).toBeGreaterThanOrEqual(1);
  }
  expect(seen.slice(0, AT_ONCE)).toEqual(Array.from({ length: AT_ONCE }, () => "UNAUTHENTICATED"));
  expect(seen.slice(AT_ONCE)).toEqual(Array.from({ length: ATTEMPTS - AT_ONCE }, () => "RATE_LIMITED"));

  expect(await reasons("198.51.100.7", fresh("elsewhere"))).toEqual([LET_IN, LET_IN]);
  expect(await reasons(ATTACKER, known), "known, behind the same address").toEqual([LET_IN, LET_IN]);
  const behindIt = fresh("new behind the same address");
  expect(await reasons(ATTACKER, behindIt), "not judged, so not called bad").toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
  clockMs += 2_000 / RATE;
  expect(await reasons(ATTACKER, behindIt), "as soon as there is room").toEqual([LET_IN, LET_IN]);

  await expectOnRecord(ATTEMPTS + 2);
});

/** As few events as there are kinds of it, and together all attempts. */
async function expectOnRecord(attempts: number): Promise<void> {
  const events = await waitFor("every attempt to be on record", async () => {
    const found = (await server.operator.audit.query({ events: ["authentication.refused"], pageSize: 1_000 })).events;
    return found.reduce((sum, event) => sum + countOf(event), 0) >= attempts && found;
  });
  expect(events.reduce((sum, event) => sum + countOf(event), 0)).toBe(attempts);
  expect(events.length).toBeLessThan(attempts);
  expect(new Set(events.map(({ address }) => address).filter(Boolean))).toEqual(new Set([ATTACKER]));
  const told = events.map(({ details }) => JSON.stringify(details)).join("\n");
  expect(told).toContain("credential_not_looked_at");
  expect(told).toContain("signature");
  expect(told).not.toContain("rlt_live_aaaa");
}

function countOf({ details }: AuditEvent): number {
  return Number(details?.["refusals"] ?? 1);
}
