import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newApiToken, newKeyId } from "../../src/auth/api-token-format.ts";
import { type ApiTokens, createApiTokens } from "../../src/auth/api-tokens.ts";
import { refusalReason } from "../../src/auth/refusal.ts";
import type { TrustListener } from "../../src/auth/trust-feed.ts";
import { RelataError } from "../../src/errors.ts";
import type { ApiTokenUse, FoundApiToken } from "../../src/model/api-token.ts";
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

/** The checksum as it is published: CRC-32 in six characters of base62. */
function withChecksum(head: string): string {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let checksum = "";
  for (let rest = crc32(head); checksum.length < 6; rest = Math.floor(rest / 62))
    checksum = digits[rest % 62] + checksum;
  return head + checksum;
}

/** How often two digests were compared meanwhile. */
async function countCompares(act: () => Promise<unknown>): Promise<number> {
  const real = crypto.timingSafeEqual;
  let count = 0;
  crypto.timingSafeEqual = (left, right) => {
    count += 1;
    return real(left, right);
  };
  syncBuiltinESMExports();
  try {
    await act();
  } finally {
    crypto.timingSafeEqual = real;
    syncBuiltinESMExports();
  }
  return count;
}

test("a token of wrong form never costs a look-up", async () => {
  const { text } = give();
  expect(await reasonOf(`${text.slice(0, -1)}~`)).toBe("api_token_malformed");
  expect(world.reads).toBe(0);
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

describe("a token that many use at once", () => {
  const many = (text: string) => Promise.all(Array.from({ length: 1_000 }, () => reasonOf(text)));

  test("costs one look-up, whether it is new, unknown, or of another secret", async () => {
    const { text, keyId } = give();
    const { keyId: stolenId } = give();
    for (const [asked, outcome] of [
      [text, `api_token:${keyId}`],
      [newApiToken("live", newKeyId()).text, "api_token_unknown"],
      [newApiToken("live", stolenId).text, "api_token_secret_wrong"],
    ] as const) {
      const before = world.reads;
      world.held = true;
      const answers = many(asked);
      world.held = false;
      world.release();
      expect(new Set(await answers)).toEqual(new Set([outcome]));
      expect(world.reads - before).toBe(1);
    }
  });

  test("costs one look-up a second however many ids are guessed again", async () => {
    const guesses = Array.from({ length: 50 }, () => newApiToken("live", newKeyId()).text);
    for (let times = 0; times < 5; times += 1) for (const guess of guesses) await reasonOf(guess);
    expect(world.reads).toBe(50);
    expect(tokens.stats()).toMatchObject({ misses: 50, spared: 200, hits: 0, remembered: 0 });
  });

  test("is accepted at once where it was unknown a moment ago, when the feed tells of it; and without it a second later", async () => {
    const [told, untold] = [give(), give()];
    const rows = new Map(world.rows);
    world.rows.clear();
    for (const { text } of [told, untold]) expect(await reasonOf(text)).toBe("api_token_unknown");
    for (const [keyId, row] of rows) world.rows.set(keyId, row);
    world.news("api_token", told.keyId);
    expect(await reasonOf(told.text)).toBe(`api_token:${told.keyId}`);
    expect(await reasonOf(untold.text)).toBe("api_token_unknown");
    clock.advance(1_000);
    expect(await reasonOf(untold.text)).toBe(`api_token:${untold.keyId}`);
  });
});

test("whatever is wrong with a token of good form, a digest is compared: the time tells nothing", async () => {
  const { keyId, text, set } = give();
  await reasonOf(text);
  const unknown = await countCompares(async () => {
    await reasonOf(newApiToken("live", newKeyId()).text);
  });
  const wrongSecret = await countCompares(async () => {
    await reasonOf(newApiToken("live", keyId).text);
  });
  // Before it is read and after.
  expect([unknown, wrongSecret]).toEqual([2, 2]);
  set({ revokedAtMs: 1 });
  world.news("api_token", keyId);
  expect(await countCompares(() => reasonOf(text))).toBe(2);
});

test("a label that was changed, with the checksum made right again, is no token", async () => {
  const { text } = give();
  expect(text.startsWith("rlt_live_")).toBe(true);
  expect(await reasonOf(withChecksum(text.slice(0, -6)))).toBe(await reasonOf(text));
  expect(await reasonOf(withChecksum(text.slice(0, -6).replace("live", "test")))).toBe("api_token_secret_wrong");
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
