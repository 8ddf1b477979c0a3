import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConsistencyRequest } from "../../src/service/consistency-token.ts";
import { TEST_LIMITS } from "../support/server-verbs.ts";
import { type MemoryRoom, openMemoryRoom } from "./memory-room.ts";

/** Which revision a request gets, from where, and what that costs, with the tenant in memory. */

const { maxStalenessMs, readableWindowMs } = TEST_LIMITS;
const STALE_MS = maxStalenessMs + 1;
const ANNE = "document:1#viewer@user:anne";
const NOTHING = { heads: 0, pasts: 0, tuples: 0 };
const FROM_STORE = { tuples: expect.toSatisfy((reads: number) => reads > 0) };
const MINIMIZE: ConsistencyRequest = { kind: "minimize_latency" };
const FULLY: ConsistencyRequest = { kind: "fully_consistent" };
const atLeast = (token: string): ConsistencyRequest => ({ kind: "at_least_as_fresh", token });
const exactly = (token: string): ConsistencyRequest => ({ kind: "at_exact_snapshot", token });

let room: MemoryRoom;
/** Revision 2, which memory has: anne may view. Revision 1 is the schema's. */
beforeEach(async () => {
  room = await openMemoryRoom({ tokenWaitMs: 5_000 });
  await room.write(`+${ANNE}`);
  await room.applied(2);
});
afterEach(() => room.close());

/** A tail that does not get anywhere, and is not waited for long. */
async function freeze(): Promise<void> {
  await room.close();
  room = await openMemoryRoom({ tokenWaitMs: 1 });
  await room.write(`+${ANNE}`);
  await room.applied(2);
  await room.check(MINIMIZE);
  room.trouble.tailIsFrozen = true;
}

const UNAVAILABLE = { reason: "STORE_UNAVAILABLE" };

describe("minimize_latency", () => {
  test("is answered from memory, and nothing is asked", async () => {
    expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, revision: 2, allowed: true });
  });

  test("may miss what another process wrote a moment ago", async () => {
    await freeze();
    await room.writeElsewhere(`-${ANNE}`);
    expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, revision: 2, allowed: true });
  });

  test("beyond the bound asks for the head, which memory has: nothing else is read", async () => {
    await freeze();
    room.age(STALE_MS);
    expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, heads: 1, revision: 2, allowed: true });
    // The answer has confirmed what memory has.
    expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, revision: 2, allowed: true });
  });

  test("beyond the bound is read from the store when memory is behind the head", async () => {
    await freeze();
    await room.writeElsewhere(`-${ANNE}`);
    room.age(STALE_MS);
    expect(await room.check(MINIMIZE)).toMatchObject({ ...FROM_STORE, heads: 1, revision: 3, allowed: false });
  });

  test("sees a write of this process at once: memory is waited for", async () => {
    await room.write(`-${ANNE}`);
    expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, revision: 3, allowed: false });
  });

  test("sees a write of this process at once: the store is read when memory does not get there", async () => {
    await freeze();
    await room.write(`-${ANNE}`);
    expect(await room.check(MINIMIZE)).toMatchObject({ ...FROM_STORE, heads: 0, revision: 3, allowed: false });
  });

  test("goes back behind no revision that this process has shown", async () => {
    await freeze();
    await room.writeElsewhere(`-${ANNE}`);
    expect(await room.check(MINIMIZE)).toMatchObject({ revision: 2 });
    expect(await room.check(FULLY)).toMatchObject({ ...FROM_STORE, revision: 3, allowed: false });
    expect(await room.check(MINIMIZE)).toMatchObject({ heads: 0, revision: 3, allowed: false });
  });

  test("without the store is answered for as long as the bound allows, and then is an error", async () => {
    await freeze();
    room.trouble.down = true;
    expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, revision: 2, allowed: true });
    room.age(STALE_MS);
    await expect(room.check(MINIMIZE)).rejects.toMatchObject(UNAVAILABLE);
  });

  test("a wall clock that jumps makes nothing stale, and nothing fresh", async () => {
    await freeze();
    for (const jumpMs of [-86_400_000, 2 * 86_400_000]) {
      room.clock.advance(jumpMs);
      expect(await room.check(MINIMIZE)).toEqual({ ...NOTHING, revision: 2, allowed: true });
    }
    await room.writeElsewhere(`-${ANNE}`);
    room.age(STALE_MS);
    room.clock.advance(-5 * 86_400_000);
    expect(await room.check(MINIMIZE)).toMatchObject({ ...FROM_STORE, revision: 3, allowed: false });
  });

  test("a database that was restored is read, whatever memory holds", async () => {
    await freeze();
    room.trouble.restoredTo = 1;
    room.age(STALE_MS);
    expect(await room.check(MINIMIZE)).toMatchObject({ ...FROM_STORE, heads: 1, revision: 1, allowed: false });
  });

  test("a hundred requests beyond the bound ask for the head once", async () => {
    await freeze();
    room.age(STALE_MS);
    const seen = await Promise.all(Array.from({ length: 100 }, () => room.check(MINIMIZE)));
    expect(seen[0]).toMatchObject({ heads: 1, tuples: 0, revision: 2 });
  });
});

describe("at_least_as_fresh", () => {
  test("is answered from memory that has got there, and nothing is asked", async () => {
    for (const revision of [1, 2])
      expect(await room.check(atLeast(room.tokenOf(revision)))).toEqual({ ...NOTHING, revision: 2, allowed: true });
  });

  test("waits for memory", async () => {
    const revision = await room.writeElsewhere(`-${ANNE}`);
    expect(await room.check(atLeast(room.tokenOf(revision)))).toEqual({ ...NOTHING, revision: 3, allowed: false });
  });

  test("does not wait for long: then the store is read", async () => {
    await freeze();
    const revision = await room.writeElsewhere(`-${ANNE}`);
    expect(await room.check(atLeast(room.tokenOf(revision)))).toMatchObject({
      ...FROM_STORE,
      heads: 1,
      revision: 3,
      allowed: false,
    });
  });

  test("is no staler than minimize_latency, however old the token", async () => {
    await freeze();
    await room.writeElsewhere(`-${ANNE}`);
    room.age(STALE_MS);
    expect(await room.check(atLeast(room.tokenOf(1)))).toMatchObject({
      ...FROM_STORE,
      heads: 1,
      revision: 3,
      allowed: false,
    });
  });

  test("is an error when neither memory nor the store can get there, never an older answer", async () => {
    await freeze();
    const revision = await room.writeElsewhere(`-${ANNE}`);
    room.trouble.down = true;
    await expect(room.check(atLeast(room.tokenOf(revision)))).rejects.toMatchObject(UNAVAILABLE);
    expect(await room.check(atLeast(room.tokenOf(2)))).toEqual({ ...NOTHING, revision: 2, allowed: true });
  });

  test("a caller who leaves does not wait any longer", async () => {
    room.trouble.tailIsFrozen = true;
    const revision = await room.writeElsewhere(`-${ANNE}`);
    const leave = new AbortController();
    const asking = room.check(atLeast(room.tokenOf(revision)), leave.signal);
    leave.abort();
    await expect(asking).rejects.toMatchObject({ reason: "CANCELLED" });
  });

  test("a token of a history that the database has lost is refused", async () => {
    await freeze();
    room.trouble.restoredTo = 1;
    room.age(STALE_MS);
    await expect(room.check(atLeast(room.tokenOf(2)))).rejects.toMatchObject({ reason: "REVISION_UNAVAILABLE" });
    await expect(room.check(atLeast(room.tokenOf(9)))).rejects.toMatchObject({ reason: "REVISION_UNAVAILABLE" });
    await expect(room.check(atLeast(room.tokenOf(1, 7)))).rejects.toMatchObject({ reason: "REVISION_UNAVAILABLE" });
  });
});

describe("fully_consistent", () => {
  test("asks for the head and is answered from memory", async () => {
    expect(await room.check(FULLY)).toEqual({ ...NOTHING, heads: 1, revision: 2, allowed: true });
  });

  test("waits for memory to have what another process wrote", async () => {
    await room.writeElsewhere(`-${ANNE}`);
    expect(await room.check(FULLY)).toEqual({ ...NOTHING, heads: 1, revision: 3, allowed: false });
  });

  test("is read from the store when memory does not get there", async () => {
    await freeze();
    await room.writeElsewhere(`-${ANNE}`);
    expect(await room.check(FULLY)).toMatchObject({ ...FROM_STORE, heads: 1, revision: 3, allowed: false });
  });

  test("is an error without the store, whatever memory holds", async () => {
    room.trouble.down = true;
    await expect(room.check(FULLY)).rejects.toMatchObject(UNAVAILABLE);
  });

  test("a hundred requests share the head: one read begun by the first, one behind it for the others", async () => {
    const seen = await Promise.all(Array.from({ length: 100 }, () => room.check(FULLY)));
    expect(seen[0]).toMatchObject({ heads: 2, tuples: 0, revision: 2 });
    expect(seen.at(-1)).toMatchObject({ heads: 1, tuples: 0, revision: 2 });
  });

  test("is the restored database's answer", async () => {
    await freeze();
    room.trouble.restoredTo = 1;
    expect(await room.check(FULLY)).toMatchObject({ ...FROM_STORE, heads: 1, revision: 1, allowed: false });
  });
});

describe("at_exact_snapshot", () => {
  beforeEach(async () => {
    await room.applied(await room.writeElsewhere(`-${ANNE}`));
  });

  test("of any revision that memory has is answered from there, and nothing is asked", async () => {
    const newest = await room.check(exactly(room.tokenOf(3)));
    expect(newest).toEqual({ ...NOTHING, revision: 3, allowed: false });
    expect(await room.check(exactly(room.tokenOf(2)))).toEqual({ ...NOTHING, revision: 2, allowed: true });
  });

  test("does without the store for as long as memory is known to be of its history", async () => {
    room.trouble.down = true;
    expect(await room.check(exactly(room.tokenOf(2)))).toEqual({ ...NOTHING, revision: 2, allowed: true });
    room.age(STALE_MS);
    await expect(room.check(exactly(room.tokenOf(2)))).rejects.toMatchObject(UNAVAILABLE);
  });

  test("of the newest revision asks whether it still is that, beyond the bound", async () => {
    room.trouble.tailIsFrozen = true;
    room.age(STALE_MS);
    expect(await room.check(exactly(room.tokenOf(3)))).toEqual({ ...NOTHING, heads: 1, revision: 3, allowed: false });
  });

  test("ahead of memory is found in the store", async () => {
    room.trouble.tailIsFrozen = true;
    const revision = await room.writeElsewhere(`+${ANNE}`);
    expect(await room.check(exactly(room.tokenOf(revision)))).toMatchObject({
      ...FROM_STORE,
      heads: 1,
      revision,
      allowed: true,
    });
  });

  test("of what memory no longer has is read from the store", async () => {
    await room.close();
    room = await openMemoryRoom({}, { maxVersions: 1 });
    for (const update of [`+${ANNE}`, `-${ANNE}`, `+${ANNE}`, `-${ANNE}`, `+${ANNE}`])
      await room.applied(await room.writeElsewhere(update));
    const seen = await room.check(exactly(room.tokenOf(2)));
    expect(seen).toMatchObject({ ...FROM_STORE, pasts: 2, revision: 2, allowed: true });
  });

  test("is refused once its successor is older than the readable window, by the wall clock", async () => {
    room.clock.advance(readableWindowMs);
    expect(await room.check(exactly(room.tokenOf(2)))).toEqual({ ...NOTHING, revision: 2, allowed: true });
    room.clock.advance(1);
    await expect(room.check(exactly(room.tokenOf(2)))).rejects.toMatchObject({ reason: "TOKEN_EXPIRED" });
    expect(await room.check(exactly(room.tokenOf(3)))).toMatchObject({ revision: 3 });
  });

  test("of another history is refused", async () => {
    const refused = { reason: "REVISION_UNAVAILABLE" };
    await expect(room.check(exactly(room.tokenOf(2, 7)))).rejects.toMatchObject(refused);
    await expect(room.check(exactly(room.tokenOf(9)))).rejects.toMatchObject(refused);
    room.trouble.tailIsFrozen = true;
    room.trouble.restoredTo = 1;
    room.age(STALE_MS);
    await expect(room.check(exactly(room.tokenOf(2)))).rejects.toMatchObject(refused);
  });
});
