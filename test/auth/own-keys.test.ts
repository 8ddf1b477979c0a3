import { expect, test } from "vitest";
import { makeSealedKey, type SealedKey, unsealKey } from "../../src/auth/own-key-seal.ts";
import { createOwnKeys, viewSigningKeys } from "../../src/auth/own-keys.ts";
import type { StoredSigningKey } from "../../src/model/token-service.ts";
import { createClock } from "../support/clock.ts";

const SECRETS = [
  { id: "new", secret: "n".repeat(32) },
  { id: "old", secret: "o".repeat(32) },
];
const MINUTE_MS = 60_000;
const log = { info: () => undefined, warn: () => undefined };

function stored(sealed: SealedKey, activatesAtMs: number, withdrawnAtMs?: number): StoredSigningKey {
  return { ...sealed, createdAtMs: activatesAtMs, createdBy: "test", activatesAtMs, withdrawnAtMs };
}

test("a key opens under the secret that sealed it, also when another one seals now", () => {
  const sealed = makeSealedKey(SECRETS);
  expect(sealed.sealedBy).toBe("new");
  expect(unsealKey(sealed, SECRETS.toReversed())?.kid).toBe(sealed.kid);
  expect(unsealKey(sealed, SECRETS.slice(1))).toBeUndefined();
  expect(unsealKey(sealed, [{ id: "new", secret: "another".repeat(8) }])).toBeUndefined();
});

test("a key with any byte changed, under another name, or in another's row does not open", () => {
  const [one, two] = [makeSealedKey(SECRETS), makeSealedKey(SECRETS)];
  const bytes = Buffer.from(one.sealed, "base64url");
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(unsealKey({ ...one, sealed: changed.toString("base64url") }, SECRETS), `byte ${at}`).toBeUndefined();
    expect(unsealKey({ ...one, sealed: bytes.subarray(0, at).toString("base64url") }, SECRETS)).toBeUndefined();
  }
  expect(unsealKey({ ...one, sealed: two.sealed }, SECRETS)).toBeUndefined();
  expect(unsealKey({ ...one, kid: two.kid }, SECRETS)).toBeUndefined();
  expect(unsealKey({ ...one, sealedBy: "old" }, SECRETS)).toBeUndefined();
});

test("of all keys the one activated last signs, and earlier ones stay until their tokens have ended", () => {
  const keys = [stored(makeSealedKey(SECRETS), 0), stored(makeSealedKey(SECRETS), 30 * MINUTE_MS)];
  const statesAt = (minute: number) =>
    viewSigningKeys(keys, () => true, minute * MINUTE_MS)
      .map(({ state }) => state)
      .toReversed();
  expect(statesAt(29)).toEqual(["active", "next"]);
  expect(statesAt(30)).toEqual(["retired", "active"]);
  // 15 minutes for the longest token there is, and one for clocks.
  expect(statesAt(45)).toEqual(["retired", "active"]);
  expect(statesAt(46)).toEqual(["gone", "active"]);
});

test("an older key put back into the database neither signs nor takes the place of the newer one", () => {
  const [older, newer] = [stored(makeSealedKey(SECRETS), 0), stored(makeSealedKey(SECRETS), 60 * MINUTE_MS)];
  const states = viewSigningKeys([newer, older], () => true, 120 * MINUTE_MS).map(({ state }) => state);
  expect(states).toEqual(["active", "gone"]);
});

test("a withdrawn key ends at once, and one that does not open supersedes nobody", () => {
  const first = stored(makeSealedKey(SECRETS), 0);
  const withdrawn = stored(makeSealedKey(SECRETS), MINUTE_MS, 2 * MINUTE_MS);
  const sealed = stored(makeSealedKey(SECRETS), 3 * MINUTE_MS);
  const views = viewSigningKeys([first, withdrawn, sealed], (kid) => kid !== sealed.kid, 4 * MINUTE_MS);
  expect(views.map(({ state }) => state)).toEqual(["sealed", "gone", "active"]);
});

test("nothing is signed by what is out of date: a change that cannot be read is waited for", async () => {
  const clock = createClock(10 * MINUTE_MS);
  const first = stored(makeSealedKey(SECRETS), 0);
  let rows: readonly StoredSigningKey[] | undefined = [first];
  const read = async () => {
    if (rows === undefined) throw new Error("the database is gone");
    return rows;
  };
  const keys = createOwnKeys({ read, secrets: SECRETS, now: clock.now, log });
  await keys.ready();
  expect(keys.signer(clock.now())?.kid).toBe(first.kid);
  rows = undefined;
  keys.changed();
  await expect(keys.ready()).rejects.toThrow("gone");
  await expect(keys.ready()).rejects.toThrow("gone");
  const next = stored(makeSealedKey(SECRETS), 5 * MINUTE_MS);
  rows = [{ ...first, withdrawnAtMs: clock.now() }, next];
  await keys.ready();
  expect(keys.signer(clock.now())?.kid).toBe(next.kid);
  expect(keys.published(clock.now()).map(({ kid }) => kid)).toEqual([next.kid]);
});
