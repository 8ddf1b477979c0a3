import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { createTestKey, signToken } from "../support/tokens-raw.ts";
import { type InWorld, PORTS, reasonIn } from "./world.ts";

const RATE = 1;
const AT_ONCE = RATE * 10;

/** A further node of the same tenants, whose guard gives up on an address early. */
export function guardAttacks(world: InWorld): void {
  let server: TestServer;
  beforeAll(async () => {
    const { server: first, oauth } = world();
    const { issuers, bindings } = first.config;
    const config = { issuers, bindings, refusedCredentialRate: RATE };
    // On a clock that stands still, so that a slow run gives nothing back.
    const [database, startedAtMs] = [first.database, performance.now()];
    server = await startTestServer({ database, issuer: oauth, config, monotonic: () => startedAtMs });
  });
  afterAll(() => server.close());

  test("who tries forged tokens is not listened to any more, and who is known from there still is", async () => {
    const { oauth } = world();
    const ask = Object.values(PORTS);
    const there = { ...world(), server };
    const known = { authorization: oauth.bearer({ tenant: "north" }) };
    for (const port of ask) expect(await port(there, known)).toBe("answered");
    const stranger = createTestKey("ES256", { kid: oauth.key().kid });
    const said: string[] = [];
    for (let attempt = 0; attempt < 3 * AT_ONCE; attempt += 1) {
      const authorization = `Bearer ${signToken(oauth.header(), oauth.claims(), stranger)}`;
      said.push(reasonIn((await ask[attempt % 2]?.(there, { authorization })) ?? ""));
    }
    const first = said.indexOf("RATE_LIMITED");
    expect(first).toBe(AT_ONCE);
    expect(new Set(said.slice(0, first))).toEqual(new Set(["UNAUTHENTICATED"]));
    expect(new Set(said.slice(first))).toEqual(new Set(["RATE_LIMITED"]));
    // Not "unauthenticated": a good credential from there is not judged either, and must not be thrown away.
    const good = { authorization: oauth.bearer({ tenant: "north", sub: "somebody-new" }) };
    for (const port of ask) {
      expect(reasonIn(await port(there, good))).toBe("RATE_LIMITED");
      expect(await port(there, known)).toBe("answered");
    }
    // Forged tokens of the address's owner are not looked at either: no line of the log says what was wrong with them.
    const unseen = server.logLines().filter(({ detail }) => detail === "credential_not_looked_at");
    expect(unseen.length).toBeGreaterThan(2 * ask.length);
  });
}
