import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTrustFeed, type TrustFeed } from "../../src/auth/trust-feed.ts";
import { RelataError } from "../../src/errors.ts";
import type { TrustKind } from "../../src/model/trust-store.ts";
import { createClock, type TestClock } from "../support/clock.ts";
import { createTrustRecords, type TrustRecords } from "./trust-records.ts";

const BOUND_MS = 2_000;
const ISSUER = "https://issuer.example";

let clock: TestClock;
let records: TrustRecords;
let feed: TrustFeed;
beforeEach(async () => {
  clock = createClock();
  records = createTrustRecords();
  const { now } = clock;
  const log = { info: () => {}, warn: () => {} };
  // The schedule never comes round: what is read, a test has asked for.
  feed = createTrustFeed(records.log, { monotonic: now, now, log, pollIntervalMs: 1_000_000, maxAgeMs: BOUND_MS });
  await feed.start();
});
afterEach(() => feed.close());

const isFresh = () => {
  try {
    feed.requireFresh();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RelataError);
    expect(error).toMatchObject({ reason: "CREDENTIALS_UNCONFIRMED" });
    return false;
  }
};
const revokes = (tokenId: string) => feed.isRevoked({ issuer: ISSUER, subject: "s", tokenId, issuedAtMs: 0 });
const reasonOf = (asked: Promise<void>) =>
  asked.then(
    () => "fresh",
    (error: RelataError) => error.reason,
  );

describe("what is known", () => {
  test("is as old as the beginning of the read that confirmed it, and believed until the bound", async () => {
    records.hold();
    clock.advance(1_000);
    const read = feed.poll();
    await records.asked();
    clock.advance(500);
    records.release();
    await read;
    expect(feed.stats().ageMs).toBe(500);
    clock.advance(BOUND_MS - 500);
    expect(isFresh()).toBe(true);
    clock.advance(1);
    expect(isFresh()).toBe(false);
  });

  test("is confirmed by a poll that finds nothing, and by none that fails", async () => {
    clock.advance(BOUND_MS);
    await feed.poll();
    expect(feed.stats().ageMs).toBe(0);
    records.fail();
    clock.advance(BOUND_MS + 1);
    await expect(feed.poll()).rejects.toThrow("no database");
    expect(isFresh()).toBe(false);
    records.heal();
    await feed.poll();
    expect(isFresh()).toBe(true);
  });

  test("is not confirmed, nor changed, when what a change names cannot be read", async () => {
    records.revoke(ISSUER, "j1");
    records.fail("revocationsById");
    clock.advance(BOUND_MS + 1);
    await expect(feed.poll()).rejects.toThrow();
    expect(isFresh()).toBe(false);
    records.heal();
    await feed.poll();
    expect(revokes("j1")).toBe(true);
  });

  test("takes in more changes than one page holds before it is confirmed", async () => {
    for (let at = 0; at < 1_200; at += 1) records.revoke(ISSUER, `j${at}`);
    const before = feed.stats().polls;
    await feed.poll();
    expect(feed.stats()).toMatchObject({ revocations: 1_200, polls: before + 3 });
    expect(revokes("j1199")).toBe(true);
  });

  test("passes over kinds of change that a newer program makes", async () => {
    records.change("hologram" as TrustKind, "x");
    records.revoke(ISSUER, "j1");
    await feed.poll();
    expect(revokes("j1")).toBe(true);
  });

  test("moves on when a tenant that a binding names has changed", async () => {
    const key = { issuer: ISSUER, subject: "job", name: "" };
    records.bind(key, "tenant-1", "acme");
    await feed.poll();
    expect(feed.bindings(ISSUER, "job")).toMatchObject([{ tenants: ["acme"] }]);
    records.removeTenant("tenant-1");
    await feed.poll();
    expect(feed.bindings(ISSUER, "job")).toEqual([]);
  });
});

describe("everybody who calls while it is old", () => {
  test("shares one read, and is let in by it", async () => {
    clock.advance(BOUND_MS + 1);
    records.hold();
    const before = records.reads;
    const asked = Array.from({ length: 1_000 }, () => reasonOf(feed.confirm()));
    await records.asked();
    records.release();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["fresh"]));
    expect(records.reads - before).toBe(1);
  });

  test("is refused by the one read that fails, and from then on at once and without any", async () => {
    clock.advance(BOUND_MS + 1);
    records.fail();
    const before = records.reads;
    const asked = Array.from({ length: 1_000 }, () => reasonOf(feed.confirm()));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["CREDENTIALS_UNCONFIRMED"]));
    expect(records.reads - before).toBe(1);
    for (let times = 0; times < 1_000; times += 1)
      expect(await reasonOf(feed.confirm())).toBe("CREDENTIALS_UNCONFIRMED");
    expect(records.reads - before).toBe(1);
    records.heal();
    await feed.poll();
    expect(await reasonOf(feed.confirm())).toBe("fresh");
  });

  test("gets one read more where the one under way began before the pause that made it old", async () => {
    records.hold();
    const underWay = feed.poll();
    await records.asked();
    clock.advance(BOUND_MS + 1);
    const before = records.reads;
    const asked = [reasonOf(feed.confirm()), reasonOf(feed.confirm())];
    records.release();
    await underWay;
    expect(await Promise.all(asked)).toEqual(["fresh", "fresh"]);
    expect(records.reads - before).toBe(1);
  });

  test("is not kept waiting by a database that is always too slow", async () => {
    clock.advance(BOUND_MS + 1);
    records.beforeAnswer = () => clock.advance(BOUND_MS + 1);
    const before = records.reads;
    expect(await reasonOf(feed.confirm())).toBe("CREDENTIALS_UNCONFIRMED");
    expect(records.reads - before).toBe(2);
  });
});

describe("polls", () => {
  test("are one at a time, and who asks while one is under way gets what was committed before he asked", async () => {
    records.hold();
    const first = feed.poll();
    await records.asked();
    records.revoke(ISSUER, "j1");
    const later = Array.from({ length: 100 }, () => feed.poll());
    const before = records.reads;
    records.release();
    await Promise.all([first, ...later]);
    expect(revokes("j1")).toBe(true);
    expect(records.reads - before).toBe(1);
    expect(records.mostAtOnce).toBe(1);
  });

  test("never overlap, whoever asks in the moment when one ends", async () => {
    const asked: Promise<void>[] = [];
    for (let times = 0; times < 50; times += 1) {
      asked.push(feed.poll(), feed.poll());
      await Promise.resolve();
    }
    await Promise.all(asked);
    expect(records.mostAtOnce).toBe(1);
  });
});

describe("a database put back to an older state", () => {
  const told: (string | undefined)[] = [];
  beforeEach(() => {
    told.length = 0;
    for (const kind of ["binding", "revocation", "api_token", "client", "signing_key", "tenant"] as const)
      feed.onChange(kind, (key) => void told.push(key && `${kind} ${key}`));
  });

  test("whose log ends before what is known is read anew, whole, and everybody is told", async () => {
    records.revoke(ISSUER, "kept");
    const restore = records.backUp();
    records.revoke(ISSUER, "lost");
    records.bind({ issuer: ISSUER, subject: "job", name: "" }, "tenant-1", "acme");
    await feed.poll();
    told.length = 0;
    restore();
    await feed.poll();
    expect([revokes("kept"), revokes("lost"), feed.bindings(ISSUER, "job").length]).toEqual([true, false, 0]);
    expect(told).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
    expect(feed.stats().loads).toBe(2);
    expect(isFresh()).toBe(true);
  });

  test("that has gone on to the same numbers and beyond is noticed too", async () => {
    const restore = records.backUp();
    records.revoke(ISSUER, "lost");
    await feed.poll();
    restore();
    for (let at = 0; at < 5; at += 1) records.revoke(ISSUER, `new${at}`);
    const { version } = feed;
    await feed.poll();
    expect([revokes("lost"), revokes("new0"), revokes("new4")]).toEqual([false, true, true]);
    expect(feed.version).toBeGreaterThan(version);
    expect(feed.stats().loads).toBe(2);
  });

  test("lets nobody in while it is being read anew and cannot be", async () => {
    const restore = records.backUp();
    records.revoke(ISSUER, "lost");
    await feed.poll();
    restore();
    records.fail("bindings");
    clock.advance(BOUND_MS + 1);
    await expect(feed.poll()).rejects.toThrow();
    expect(isFresh()).toBe(false);
    // What was known stands until all of it can be replaced.
    expect(revokes("lost")).toBe(true);
    records.heal();
    await feed.poll();
    expect([revokes("lost"), isFresh()]).toEqual([false, true]);
  });
});

test("who hears of a change may ask at once, and who left hears no more", async () => {
  const heard: string[] = [];
  const leave = feed.onChange("api_token", (key) => void heard.push(`${key} ${isFresh()}`));
  records.change("api_token", "k1");
  records.change("api_token", "k2");
  await feed.poll();
  leave();
  records.change("api_token", "k3");
  await feed.poll();
  expect(heard).toEqual(["k1 true", "k2 true"]);
});

test("what was forgotten while the clock ran ahead is known again once it is put right", async () => {
  records.revoke(ISSUER, "j1", clock.now() + 86_400_000);
  await feed.poll();
  clock.advance(10 * 86_400_000);
  await feed.poll();
  expect(revokes("j1")).toBe(false);
  clock.advance(-10 * 86_400_000);
  await feed.poll();
  expect([revokes("j1"), feed.stats().loads]).toEqual([true, 2]);
  await feed.poll();
  expect(feed.stats().loads).toBe(2);
});

test("who could not be told of a change is told again, and nothing is confirmed before", async () => {
  const heard: (string | undefined)[] = [];
  let fails = true;
  feed.onChange("api_token", (key) => {
    if (fails) throw new Error("not now");
    heard.push(key);
  });
  records.change("api_token", "k1");
  clock.advance(BOUND_MS + 1);
  await expect(feed.poll()).rejects.toThrow("not now");
  expect([heard, isFresh()]).toEqual([[], false]);
  fails = false;
  await feed.poll();
  expect([heard, isFresh()]).toEqual([["k1"], true]);
});
