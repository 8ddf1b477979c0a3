import { afterEach, beforeEach, expect, test } from "vitest";
import { createVerifiedCache } from "../../src/auth/verified-cache.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import { type Rig, startRig, verdict } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

test("a good token is verified once: the second time the very same principal comes back", async () => {
  const token = rig.issuer.bearer();
  const first = await rig.auth.authenticate(token, UNKNOWN_PEER);
  expect(await rig.auth.authenticate(token, UNKNOWN_PEER)).toBe(first);
  expect(await rig.auth.authenticate(rig.issuer.bearer(), UNKNOWN_PEER)).not.toBe(first);
});

test("what is remembered ends at exp: within the skew it is verified again, after it refused", async () => {
  const iat = Math.floor(rig.clock.now() / 1000);
  const token = rig.issuer.bearer({ exp: iat + 60 });
  const first = await rig.auth.authenticate(token, UNKNOWN_PEER);
  rig.clock.advance(59_999);
  expect(await rig.auth.authenticate(token, UNKNOWN_PEER)).toBe(first);
  rig.clock.advance(1);
  const again = await rig.auth.authenticate(token, UNKNOWN_PEER);
  expect(again).toEqual(first);
  expect(again).not.toBe(first);
  rig.clock.advance(30_000);
  expect(await verdict(rig.auth, token)).toBe("expired");
});

test("a refusal is not remembered: a token that is early is good later", async () => {
  const token = rig.issuer.bearer({ nbf: Math.floor(rig.clock.now() / 1000) + 40 });
  expect(await verdict(rig.auth, token)).toBe("not_yet_valid");
  rig.clock.advance(10_000);
  expect(await verdict(rig.auth, token)).toBe("accepted");
});

test("one more character makes another token", async () => {
  const token = rig.issuer.bearer();
  expect(await verdict(rig.auth, token)).toBe("accepted");
  expect(await verdict(rig.auth, `${token}AA`)).not.toBe("accepted");
});

test("holds no more than its bound, and forgets the least used", async () => {
  const { expiresAtMs } = await rig.auth.authenticate(rig.issuer.bearer(), UNKNOWN_PEER);
  const cache = createVerifiedCache(10);
  for (let n = 0; n < 100; n++) cache.put(`token-${n}`, { proof: { expiresAtMs } });
  expect(cache.size).toBe(10);
  expect(cache.get("token-99", rig.clock.now())).toBeDefined();
  expect(cache.get("token-0", rig.clock.now())).toBeUndefined();
  expect(cache.get("token-99", expiresAtMs)).toBeUndefined();
  expect(cache.size).toBe(9);
});
