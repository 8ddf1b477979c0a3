import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Authenticator, createAuthenticator } from "../../src/auth/authenticate.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import type { Binding, TrustedIssuer } from "../../src/model/trust.ts";
import { EMPTY_TRUST_VIEW, type RevocableClaims } from "../../src/model/trust-view.ts";
import { createClock } from "../support/clock.ts";
import { CART_UID, startTestCluster, type TestCluster } from "../support/kubernetes-tokens.ts";
import { recordLog, verdict } from "./rig.ts";

const CART = "system:serviceaccount:shop:cart";
const clock = createClock();
let cluster: TestCluster;
let auth: Authenticator | undefined;
beforeAll(async () => {
  cluster = await startTestCluster({ now: clock.now });
});
afterEach(() => auth?.close());
afterAll(() => cluster.close());

function start(
  subjects: readonly string[],
  trust: Partial<TrustedIssuer> = {},
  isRevoked: (claims: RevocableClaims) => boolean = () => false,
): Authenticator {
  const bindings = subjects.map(
    (subject, at): Binding => ({
      issuer: cluster.issuer,
      subject,
      tenants: [`tenant-${at}`],
      platform: false,
      scopes: ["check"],
    }),
  );
  auth = createAuthenticator(
    { issuers: [cluster.trust(trust)], bindings },
    { now: clock.now, log: recordLog().log, trust: { ...EMPTY_TRUST_VIEW, isRevoked } },
  );
  return auth;
}

const remade = (): string =>
  cluster.bearer({}, { serviceaccount: { name: "cart", uid: "1b4e28ba-2fa1-11d2-883f-0016d3cca427" } });

test("is known by its uid, which its subject and actor end in", async () => {
  const principal = await start([CART]).authenticate(cluster.bearer({ jti: "j1" }), UNKNOWN_PEER);
  expect(principal).toMatchObject({
    subject: `${CART}:${CART_UID}`,
    actor: `${cluster.issuer}|${CART}:${CART_UID}`,
    credential: "jwt:j1",
    grant: { kind: "tenants", slugs: ["tenant-0"] },
  });
});

describe("an account that was deleted and made anew under its old name", () => {
  test("is somebody else, to whom a binding with a uid gives nothing", async () => {
    const running = start([`${CART}:${CART_UID}`]);
    expect(await verdict(running, cluster.bearer())).toBe("accepted");
    expect(await verdict(running, remade())).toBe("subject_unbound");
  });

  test("gets what is bound to the name alone, and is told apart by its actor", async () => {
    const running = start([CART]);
    const first = await running.authenticate(cluster.bearer(), UNKNOWN_PEER);
    const second = await running.authenticate(remade(), UNKNOWN_PEER);
    expect(second.grant).toEqual(first.grant);
    expect(second.actor).not.toBe(first.actor);
  });

  test("gets nothing by a name alone where the issuer requires uids", async () => {
    // Refused at the start in the settings, so such bindings come from the database.
    const named = ["", ":*", "*"].map((end): Binding => {
      const granted = { tenants: ["acme"], platform: false, scopes: ["check"] } as const;
      return { ...granted, issuer: cluster.issuer, subject: `${CART}${end}` };
    });
    const settings = { issuers: [cluster.trust({ requireUid: true })], bindings: [] };
    const deps = { now: clock.now, log: recordLog().log };
    auth = createAuthenticator(settings, { ...deps, trust: { ...EMPTY_TRUST_VIEW, bindings: () => named } });
    expect(await verdict(auth, cluster.bearer())).toBe("subject_unbound");
    expect(() => start([CART], { requireUid: true })).toThrow(/requires the uid/);
    const pinned = start([`${CART}:${CART_UID}`], { requireUid: true });
    expect(await verdict(pinned, cluster.bearer())).toBe("accepted");
    expect(await verdict(pinned, remade())).toBe("subject_unbound");
  });
});

test("is bound by whichever of its names a binding uses, once by each", async () => {
  const running = start([CART, `${CART}:${CART_UID}`, "system:serviceaccount:shop:*", "system:serviceaccount:bank:*"]);
  const { grant } = await running.authenticate(cluster.bearer(), UNKNOWN_PEER);
  if (grant.kind !== "tenants") throw new Error("not in tenants");
  expect([...grant.slugs].sort()).toEqual(["tenant-0", "tenant-1", "tenant-2"]);
});

test.each([CART, `${CART}:${CART_UID}`])("is revoked by the name %s", async (name) => {
  const running = start([CART], {}, ({ subject }) => subject === name);
  expect(await verdict(running, cluster.bearer())).toBe("revoked");
});

test("of pods, nodes and future members of the claim nothing is asked", async () => {
  const running = start([CART]);
  expect(await verdict(running, cluster.bearer({}, { pod: undefined, node: undefined, secret: { name: "x" } }))).toBe(
    "accepted",
  );
});
