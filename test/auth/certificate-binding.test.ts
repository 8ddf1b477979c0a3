import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refusalReason } from "../../src/auth/refusal.ts";
import { type Peer, UNKNOWN_PEER } from "../../src/model/peer.ts";
import { type Rig, refused, startRig } from "./rig.ts";
import { CERTIFICATE, OTHER_CERTIFICATE } from "./world.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const OWNER: Peer = { address: "192.0.2.1", certificateSha256: CERTIFICATE };
const THIEF: Peer = { address: "192.0.2.1", certificateSha256: OTHER_CERTIFICATE };

const bound = (thumbprint = CERTIFICATE): string => rig.issuer.bearer({ cnf: { "x5t#S256": thumbprint } });
const outcome = async (token: string, peer: Peer) => refusalReason(await refused(rig.auth.authenticate(token, peer)));

test("a token bound to a certificate proves its owner, on the owner's connection and on no other", async () => {
  const token = bound();
  expect(await outcome(token, UNKNOWN_PEER)).toBe("certificate_missing");
  expect(await outcome(token, THIEF)).toBe("certificate_mismatch");
  await expect(rig.auth.authenticate(token, OWNER)).resolves.toMatchObject({ subject: "service" });
});

test("what was proved on the owner's connection helps nobody on another: neither later nor at once", async () => {
  const token = bound();
  const principal = await rig.auth.authenticate(token, OWNER);
  expect(rig.auth.recall(token, OWNER)).toBe(principal);
  for (const [peer, reason] of [
    [THIEF, "certificate_mismatch"],
    [UNKNOWN_PEER, "certificate_missing"],
    [{ address: OWNER.address, certificateSha256: "" }, "certificate_mismatch"],
    [{ address: OWNER.address, certificateSha256: CERTIFICATE.slice(0, -1) }, "certificate_mismatch"],
    [{ address: OWNER.address, certificateSha256: `${CERTIFICATE}A` }, "certificate_mismatch"],
  ] as const) {
    expect(await outcome(token, peer), reason).toBe(reason);
    expect(() => rig.auth.recall(token, peer)).toThrow();
  }
  expect(rig.auth.recall(token, OWNER)).toBe(principal);
});

test("a certificate lends nothing to a token that is not bound, and takes nothing from it", async () => {
  const token = rig.issuer.bearer();
  const principal = await rig.auth.authenticate(token, THIEF);
  expect(rig.auth.recall(token, OWNER)).toBe(principal);
  expect(rig.auth.recall(token, UNKNOWN_PEER)).toBe(principal);
});

test("every SHA-256 there is has a thumbprint that is understood", async () => {
  for (let n = 0; n < 20; n++) {
    const certificateSha256 = createHash("sha256").update(`${n}`).digest("base64url");
    const peer = { address: "", certificateSha256 };
    await expect(rig.auth.authenticate(bound(certificateSha256), peer)).resolves.toBeDefined();
  }
});
