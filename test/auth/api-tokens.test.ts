import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAddressList, isCidr } from "../../src/auth/address-list.ts";
import { newApiToken, newKeyId, parseApiToken } from "../../src/auth/api-token-format.ts";
import { type ApiTokens, createApiTokens } from "../../src/auth/api-tokens.ts";
import { refusalReason } from "../../src/auth/refusal.ts";
import type { TrustListener } from "../../src/auth/trust-feed.ts";
import { RelataError } from "../../src/errors.ts";
import { API_TOKEN_PATTERN, type ApiTokenUse, type FoundApiToken } from "../../src/model/api-token.ts";
import type { TrustKind } from "../../src/model/trust-store.ts";
import { createClock, type TestClock } from "../support/clock.ts";

const PEER = { address: "192.0.2.7" };
const TENANT = "11111111-2222-4333-8444-555555555555";

/** Tokens that are looked up when the test says so, and a feed that says what the test says. */
function createWorld() {
  const rows = new Map<string, FoundApiToken>();
  const listeners = new Map<TrustKind, TrustListener>();
  const gates: (() => void)[] = [];
  const written: ApiTokenUse[][] = [];
  const world = {
    rows,
    written,
    reads: 0,
    held: false,
    stale: false,
    failing: false,
    find: (keyId: string): Promise<FoundApiToken | undefined> => {
      world.reads += 1;
      const row = rows.get(keyId);
      return world.held ? new Promise((resolve) => gates.push(() => resolve(row))) : Promise.resolve(row);
    },
    recordUses: async (uses: readonly ApiTokenUse[]) => {
      if (world.failing) throw new Error("no database");
      written.push([...uses]);
    },
    release: () => {
      for (const open of gates.splice(0)) open();
    },
    requireFresh: () => {
      if (world.stale) throw new RelataError("CREDENTIALS_UNCONFIRMED", "later");
    },
    onChange: (kind: TrustKind, listener: TrustListener) => {
      listeners.set(kind, listener);
      return () => void listeners.delete(kind);
    },
    news: (kind: TrustKind, key: string | undefined) => listeners.get(kind)?.(key),
    listeners,
  };
  return world;
}

let clock: TestClock;
let world: ReturnType<typeof createWorld>;
let tokens: ApiTokens;
beforeEach(() => {
  clock = createClock();
  world = createWorld();
  const log = { warn: () => {} };
  tokens = createApiTokens(world, { trust: world, now: clock.now, monotonic: clock.now, log, maxRemembered: 100 });
});
afterEach(async () => {
  world.release();
  await tokens.close();
});

function give(changes: Partial<FoundApiToken["token"]> = {}, slug: string | undefined = "acme") {
  const keyId = newKeyId();
  const { text, digest } = newApiToken("live", keyId);
  const token = {
    keyId,
    tenantId: TENANT,
    name: "ci",
    scopes: ["check" as const],
    objects: [],
    allowedCidrs: [],
    createdAtMs: clock.now(),
    createdBy: "test",
    expiresAtMs: clock.now() + 60_000,
    ...changes,
  };
  world.rows.set(keyId, { token, digest, slug });
  return { keyId, text, set: (more: object) => world.rows.set(keyId, { token: { ...token, ...more }, digest, slug }) };
}

const reasonOf = (text: string, peer = PEER) =>
  tokens.authenticate(text, peer).then(
    ({ credential }) => credential,
    (error: unknown) => refusalReason(error) ?? (error instanceof RelataError ? error.reason : error),
  );

describe("the form", () => {
  test("has a checksum that finds every wrong character", () => {
    const { text } = newApiToken("test", newKeyId());
    expect(text).toMatch(new RegExp(`^${API_TOKEN_PATTERN}$`));
    expect(parseApiToken(text)?.keyId).toBe(text.slice(9, 21));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(..."0Az_9-~ "), (at, character) => {
        const wrong = text.slice(0, at) + character + text.slice(at + 1);
        return wrong === text || parseApiToken(wrong) === undefined;
      }),
    );
    for (const wrong of [` ${text}`, `${text}\n`, text.slice(1), `${text}0`, "rlt_", ""])
      expect(parseApiToken(wrong)).toBeUndefined();
  });

  test("never costs a look-up where it is wrong", async () => {
    const { text } = give();
    expect(await reasonOf(`${text.slice(0, -1)}~`)).toBe("api_token_malformed");
    expect(world.reads).toBe(0);
  });
});

describe("a token that is remembered", () => {
  test("costs one look-up, and is recalled at once", async () => {
    const { text, keyId } = give();
    expect(tokens.recall(text, PEER)).toBeUndefined();
    expect(await reasonOf(text)).toBe(`api_token:${keyId}`);
    expect(tokens.recall(text, PEER)).toMatchObject({ subject: `api_token:${keyId}`, grant: { slugs: ["acme"] } });
    expect(world.reads).toBe(1);
    const { text: forged } = newApiToken("live", keyId);
    expect(tokens.recall(forged, PEER)).toBeUndefined();
  });

  test("is judged on every call", async () => {
    const { text } = give({ allowedCidrs: ["192.0.2.0/24"] });
    await reasonOf(text);
    expect(await reasonOf(text, { address: "198.51.100.1" })).toBe("api_token_address");
    expect(await reasonOf(text, { address: "" })).toBe("api_token_address");
    expect(tokens.recall(text, { address: "198.51.100.1" })).toBeUndefined();
    clock.advance(60_000);
    expect(tokens.recall(text, PEER)).toBeUndefined();
    expect(await reasonOf(text)).toBe("api_token_expired");
  });

  test("is read again once it has changed, or its tenant has, or anything may have", async () => {
    const { text, keyId, set } = give();
    await reasonOf(text);
    for (const [kind, key] of [
      ["api_token", keyId],
      ["tenant", TENANT],
      ["api_token", undefined],
      ["tenant", undefined],
    ] as const) {
      world.news(kind, key);
      expect(tokens.recall(text, PEER)).toBeUndefined();
      await reasonOf(text);
    }
    expect(world.reads).toBe(5);
    world.news("tenant", "99999999-2222-4333-8444-555555555555");
    expect(tokens.recall(text, PEER)).toBeDefined();
    set({ revokedAtMs: 1 });
    world.news("api_token", keyId);
    expect(await reasonOf(text)).toBe("api_token_revoked");
  });

  test("is of no use once its tenant is gone", async () => {
    const { keyId, text } = give();
    const row = world.rows.get(keyId) as FoundApiToken;
    world.rows.set(keyId, { ...row, slug: undefined });
    expect(await reasonOf(text)).toBe("api_token_tenant_gone");
  });
});

describe("a look-up that began before a change", () => {
  test("is used by nobody, however late it comes", async () => {
    const { text, keyId, set } = give();
    world.held = true;
    const [first, second] = [reasonOf(text), reasonOf(text)];
    expect(world.reads).toBe(1);
    set({ revokedAtMs: 1 });
    world.news("api_token", keyId);
    world.held = false;
    world.release();
    expect([await first, await second]).toEqual(["api_token_revoked", "api_token_revoked"]);
    expect(world.reads).toBe(2);
    expect(tokens.recall(text, PEER)).toBeUndefined();
  });

  test("is no reason to let somebody in when the feed has fallen silent meanwhile", async () => {
    const { text } = give();
    world.held = true;
    const asked = reasonOf(text);
    world.stale = true;
    world.release();
    expect(await asked).toBe("CREDENTIALS_UNCONFIRMED");
  });

  test("that fails is nobody's answer, and the next one asks again", async () => {
    const { text, keyId } = give();
    const find = world.find;
    world.find = () => Promise.reject(new RelataError("STORE_UNAVAILABLE", "gone"));
    expect(await reasonOf(text)).toBe("STORE_UNAVAILABLE");
    world.find = find;
    expect(await reasonOf(text)).toBe(`api_token:${keyId}`);
  });
});

test("an unknown key id and a wrong secret cost the same look-ups: one a second each", async () => {
  const { text, keyId } = give();
  await reasonOf(text);
  const counts: number[] = [];
  for (const wrong of [newApiToken("live", keyId).text, newApiToken("live", newKeyId()).text]) {
    clock.advance(2_000);
    const before = world.reads;
    for (let times = 0; times < 10; times += 1) await reasonOf(wrong);
    clock.advance(1_000);
    await reasonOf(wrong);
    counts.push(world.reads - before);
  }
  expect(counts).toEqual([2, 2]);
});

describe("when a token was last used", () => {
  test("is gathered, and the latest is written", async () => {
    const { text, keyId } = give();
    await reasonOf(text);
    clock.advance(5_000);
    tokens.recall(text, { address: "2001:db8::1" });
    expect(world.written).toEqual([]);
    await tokens.uses.flush();
    await tokens.uses.flush();
    expect(world.written).toEqual([[{ keyId, tenantId: TENANT, atMs: clock.now(), address: "2001:db8::1" }]]);
  });

  test("is kept when it cannot be written, and written at the end", async () => {
    const { text, keyId } = give();
    await reasonOf(text);
    world.failing = true;
    await tokens.uses.flush();
    world.failing = false;
    await tokens.close();
    expect(world.written).toEqual([[{ keyId, tenantId: TENANT, atMs: clock.now(), address: PEER.address }]]);
    expect(world.listeners.size).toBe(0);
  });
});

describe("a list of addresses", () => {
  test("knows an IPv4 address by both its spellings, and each family apart", () => {
    const list = createAddressList(["192.0.2.0/24", "2001:db8::/32", "203.0.113.9"]);
    const inside = [
      "192.0.2.0",
      "192.0.2.255",
      "::ffff:192.0.2.1",
      "::ffff:c000:201",
      "2001:db8:ffff::1",
      "203.0.113.9",
    ];
    const outside = [
      "192.0.3.0",
      "::ffff:192.0.3.1",
      "2001:db9::1",
      "203.0.113.10",
      "",
      "localhost",
      "192.0.2.1:80",
      "::192.0.2.1",
    ];
    expect(inside.filter((address) => !list.has(address))).toEqual([]);
    expect(outside.filter((address) => list.has(address))).toEqual([]);
  });

  test("takes CIDRs and nothing else", () => {
    expect(["0.0.0.0/0", "::/0", "192.0.2.1/32", "2001:db8::/128", "::1"].filter((text) => !isCidr(text))).toEqual([]);
    const wrong = [
      "",
      "/8",
      "192.0.2.0/33",
      "::/129",
      "192.0.2.0/08",
      "192.0.2.0/-1",
      "192.0.2/24",
      "fe80::1%eth0",
      "a/8",
      "1.2.3.4/8/8",
    ];
    expect(wrong.filter(isCidr)).toEqual([]);
  });
});
