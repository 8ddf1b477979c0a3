import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fetch } from "../../src/auth/fetch-json.ts";
import { REMOTE_KEY_POLICY } from "../../src/auth/keys.ts";
import { KEYS_UNAVAILABLE_MESSAGE } from "../../src/auth/refusal.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import { sendJson } from "../support/tokens.ts";
import { createTestKey, signToken } from "../support/tokens-raw.ts";
import { type Rig, refused, startRig, verdict } from "./rig.ts";

const { refreshMs, staleMs, hardLimitMs, retryMs, unknownKidMs } = REMOTE_KEY_POLICY;
const DAY = { exp: undefined } as const;

let rig: Rig;

/** A token that lasts for all of a test, so that only keys decide. */
const lasting = (): string => {
  const iat = Math.floor(rig.clock.now() / 1000);
  return rig.issuer.bearer({ ...DAY, iat, exp: iat + 100 * 86_400 });
};
const fresh = (): Promise<string> => verdict(rig.auth, rig.issuer.bearer());

beforeEach(async () => {
  rig = await startRig({ trust: { maxLifetimeMs: 1000 * 86_400_000 } });
});
afterEach(() => rig.close());

describe("rotation", () => {
  test("a new key is followed without restart, at the first token that names it", async () => {
    expect(await fresh()).toBe("accepted");
    rig.issuer.rotate({ keepOld: true });
    expect(await fresh()).toBe("accepted");
    expect(rig.issuer.fetches).toMatchObject({ discovery: 2, jwks: 2 });
  });

  test("a key that was taken out ends with the next refresh, also for tokens verified before", async () => {
    const old = lasting();
    expect(await verdict(rig.auth, old)).toBe("accepted");
    rig.issuer.rotate();
    expect(await verdict(rig.auth, old)).toBe("accepted");
    expect(await fresh()).toBe("accepted");
    expect(await verdict(rig.auth, old)).toBe("key_unknown");
    expect(rig.lines.at(-1)).toMatchObject({ level: "info", fields: { removed: [expect.any(String)] } });
  });

  test("a key that was taken out ends at the stale age at the latest, with nobody asking for another", async () => {
    const old = lasting();
    expect(await verdict(rig.auth, old)).toBe("accepted");
    rig.issuer.rotate();
    rig.clock.advance(staleMs - 1);
    expect(await verdict(rig.auth, old)).toBe("accepted");
    rig.clock.advance(staleMs);
    expect(await verdict(rig.auth, old)).toBe("key_unknown");
  });

  test("keys are refreshed in the background: nobody waits", async () => {
    const token = lasting();
    expect(await verdict(rig.auth, token)).toBe("accepted");
    rig.clock.advance(refreshMs);
    rig.issuer.goDown("hang");
    expect(await verdict(rig.auth, token)).toBe("accepted");
    expect(await verdict(rig.auth, lasting())).toBe("accepted");
    await expect.poll(() => rig.issuer.fetches.discovery).toBe(2);
    // the fetch still hangs: it has neither succeeded nor been given up
    expect(rig.lines.filter((line) => line.level === "warn")).toEqual([]);
  });

  test("an empty key set ends every key", async () => {
    const token = lasting();
    expect(await verdict(rig.auth, token)).toBe("accepted");
    rig.issuer.removeKey(rig.issuer.key().kid);
    rig.clock.advance(staleMs);
    expect(await verdict(rig.auth, token)).toBe("key_unknown");
  });
});

describe("a flood of unknown kids", () => {
  test("makes at most one fetch per interval", async () => {
    expect(await fresh()).toBe("accepted");
    const flood = (): Promise<string[]> =>
      Promise.all(
        Array.from({ length: 200 }, (_, n) => verdict(rig.auth, rig.issuer.bearer({}, { kid: `random-${n}` }))),
      );
    for (let interval = 1; interval <= 3; interval++) {
      expect(new Set(await flood())).toEqual(new Set(["key_unknown"]));
      rig.clock.advance(unknownKidMs - 1);
      expect(new Set(await flood())).toEqual(new Set(["key_unknown"]));
      expect(rig.issuer.fetches).toMatchObject({ discovery: 1 + interval, jwks: 1 + interval });
      rig.clock.advance(1);
    }
  });

  test("does not keep out those whose keys are known, nor do keys that are unfit make a fetch", async () => {
    rig.issuer.addKey(createTestKey("ES256", { kid: "unfit", jwk: { use: "enc" } }));
    expect(await fresh()).toBe("accepted");
    for (let n = 0; n < 20; n++)
      expect(await verdict(rig.auth, rig.issuer.bearer({}, { kid: "unfit" }))).toBe("key_unusable");
    expect(await fresh()).toBe("accepted");
    expect(rig.issuer.fetches.jwks).toBe(1);
  });

  test("joins a refresh under way, which does not count as the fetch of the interval", async () => {
    expect(await fresh()).toBe("accepted");
    rig.clock.advance(refreshMs);
    const gate = Promise.withResolvers<void>();
    const keys = rig.issuer.publishedKeys();
    rig.issuer.answer("jwks", (_request, response) => void gate.promise.then(() => sendJson(response, { keys })));
    expect(await fresh()).toBe("accepted");
    const joined = verdict(rig.auth, rig.issuer.bearer({}, { kid: "random" }));
    gate.resolve();
    expect(await joined).toBe("key_unknown");
    expect(rig.issuer.fetches.jwks).toBe(2);
    rig.issuer.answer("jwks", undefined);
    rig.issuer.rotate();
    expect(await fresh()).toBe("accepted");
    expect(rig.issuer.fetches.jwks).toBe(3);
  });

  test("the first callers share one fetch", async () => {
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => fresh()));
    expect(new Set(verdicts)).toEqual(new Set(["accepted"]));
    expect(rig.issuer.fetches).toMatchObject({ discovery: 1, jwks: 1 });
  });
});

describe.each(["refuse", "error"] as const)("an issuer that is down (%s)", (outage) => {
  test("does not stop callers whose keys are known, until the hard limit", async () => {
    const token = lasting();
    expect(await verdict(rig.auth, token)).toBe("accepted");
    rig.issuer.goDown(outage);
    for (const age of [refreshMs, staleMs, hardLimitMs - 1]) {
      rig.clock.advance(age - (rig.clock.now() - Date.UTC(2026, 0, 1)));
      expect(await verdict(rig.auth, token)).toBe("accepted");
      expect(await verdict(rig.auth, lasting())).toBe("accepted");
    }
    rig.clock.advance(1);
    expect(await verdict(rig.auth, token)).toBe("keys_unavailable");
    rig.issuer.comeBack();
    rig.clock.advance(retryMs);
    expect(await verdict(rig.auth, token)).toBe("accepted");
  });

  test("was never reached: an error that says try again, never an acceptance, and no fetch per caller", async () => {
    rig.issuer.goDown(outage);
    const error = await refused(rig.auth.authenticate(rig.issuer.bearer(), UNKNOWN_PEER));
    expect(error).toMatchObject({
      reason: "ISSUER_KEYS_UNAVAILABLE",
      kind: "unavailable",
      message: KEYS_UNAVAILABLE_MESSAGE,
    });
    for (let n = 0; n < 20; n++) expect(await fresh()).toBe("keys_unavailable");
    expect(rig.issuer.fetches.discovery).toBe(1);
    expect(rig.lines.filter((line) => line.level === "warn")).toHaveLength(1);
    rig.issuer.comeBack();
    rig.clock.advance(retryMs - 1);
    expect(await fresh()).toBe("keys_unavailable");
    rig.clock.advance(1);
    expect(await fresh()).toBe("accepted");
  });
});

test("known to be down, an issuer is asked once per pause, and nobody waits for it", async () => {
  const token = lasting();
  const first = await rig.auth.authenticate(token, UNKNOWN_PEER);
  rig.issuer.goDown();
  rig.clock.advance(staleMs);
  expect(await rig.auth.authenticate(token, UNKNOWN_PEER)).toEqual(first);
  const warnings = (): number => rig.lines.filter((line) => line.level === "warn").length;
  await expect.poll(warnings).toBe(1);
  for (let n = 0; n < 20; n++) {
    expect(await verdict(rig.auth, token)).toBe("accepted");
    expect(await fresh()).toBe("accepted");
  }
  expect(rig.issuer.fetches.discovery).toBe(2);
  rig.issuer.goDown("hang");
  rig.clock.advance(retryMs);
  expect(await verdict(rig.auth, token)).toBe("accepted");
  expect(await fresh()).toBe("accepted");
  await expect.poll(() => rig.issuer.fetches.discovery).toBe(3);
  expect(warnings()).toBe(1);
});

test("a clock set back makes keys older, not younger", async () => {
  const old = lasting();
  expect(await verdict(rig.auth, old)).toBe("accepted");
  rig.clock.advance(-3_600_000);
  rig.issuer.rotate();
  expect(await verdict(rig.auth, old)).toBe("key_unknown");
  expect(await fresh()).toBe("accepted");
});

test("warm fetches ahead, and names those out of reach", async () => {
  expect(await rig.auth.warm()).toEqual([]);
  expect(await fresh()).toBe("accepted");
  expect(rig.issuer.fetches.jwks).toBe(1);
  rig.issuer.goDown();
  expect(await rig.auth.warm()).toEqual([rig.issuer.issuer]);
});

describe("a fetch that takes too long", () => {
  /** Answers fetches when told to, and heeds no abort. */
  const heldFetch = (): { fetch: Fetch; release(at: number): Promise<void>; count(): number } => {
    const held: (() => void)[] = [];
    const answered: Promise<unknown>[] = [];
    return {
      fetch(url) {
        // what the issuer says now is what arrives later
        const response = fetch(url).then(async (answer) => new Response(await answer.text()));
        const gate = Promise.withResolvers<void>();
        held.push(gate.resolve);
        const late = Promise.all([response, gate.promise]).then(([answer]) => answer);
        answered.push(late);
        return late;
      },
      async release(at) {
        held[at]?.();
        await answered[at];
        await new Promise((resolve) => setImmediate(resolve));
      },
      count: () => held.length,
    };
  };

  test("is given up, and what it brings later does not overwrite newer keys", async () => {
    const slow = heldFetch();
    const slowRig = await startRig({
      fetch: slow.fetch,
      trust: { keys: { kind: "jwks", url: rig.issuer.jwksUrl }, issuer: rig.issuer.issuer },
      settings: { keyPolicy: { timeoutMs: 20 } },
    });
    const mint = (): string => `Bearer ${signToken(rig.issuer.header(), rig.issuer.claims(), rig.issuer.key())}`;
    expect(await verdict(slowRig.auth, mint())).toBe("keys_unavailable");
    expect(slowRig.lines.at(-1)?.fields).toMatchObject({ why: "no answer within 20 ms" });
    const old = mint();
    rig.issuer.rotate();
    slowRig.clock.advance(retryMs);
    const second = verdict(slowRig.auth, mint());
    await expect.poll(slow.count).toBe(2);
    await slow.release(1);
    expect(await second).toBe("accepted");
    await slow.release(0);
    expect(await verdict(slowRig.auth, old)).not.toBe("accepted");
    expect(await verdict(slowRig.auth, mint())).toBe("accepted");
    await slowRig.close();
  });

  test("ends when the authenticator is closed", async () => {
    rig.issuer.goDown("hang");
    const waiting = verdict(rig.auth, rig.issuer.bearer());
    await expect.poll(() => rig.issuer.fetches.discovery).toBe(1);
    rig.auth.close();
    expect(await waiting).toBe("keys_unavailable");
    expect(rig.lines).toEqual([]);
  });
});
