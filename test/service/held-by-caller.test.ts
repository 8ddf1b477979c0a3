import { expect, test } from "vitest";
import { accessOf } from "../../src/model/access.ts";
import type { TenantCall } from "../../src/service/call.ts";
import {
  requireAddressesOfCaller,
  requireHeldByCaller,
  requireNoApiToken,
} from "../../src/service/credentials/held-by-caller.ts";

const call = (credential: string, more: { readonly allowedCidrs?: readonly string[] } = {}) =>
  ({
    access: accessOf(["check", "credentials:write"]),
    principal: { credential, ...more },
  }) as unknown as TenantCall;
const reasonOf = (act: () => void) => {
  try {
    act();
    return "held";
  } catch (error) {
    return (error as { readonly reason: string }).reason;
  }
};

test("what has no end is not given out by an API token, whatever it may do", () => {
  expect(reasonOf(() => requireNoApiToken(call("api_token:Xb3kQ9vLm2Tz")))).toBe("CREDENTIAL_TOO_BROAD");
  expect(reasonOf(() => requireNoApiToken(call("jwt:api_token:x")))).toBe("held");
  expect(reasonOf(() => requireNoApiToken(call("jwt")))).toBe("held");
});

test("who may call from everywhere gives out any address; who may not, his own or fewer", () => {
  const given = (own: readonly string[], allowedCidrs: readonly string[]) =>
    reasonOf(() => requireAddressesOfCaller(call("api_token:x", { allowedCidrs: own }), { allowedCidrs }));
  expect([given([], []), given([], ["192.0.2.1"])]).toEqual(["held", "held"]);
  const own = ["192.0.2.0/24", "2001:db8::/32"];
  expect([given(own, ["192.0.2.1"]), given(own, own), given(own, ["2001:db8:1::/48"])]).toEqual([
    "held",
    "held",
    "held",
  ]);
  for (const beyond of [[], ["192.0.2.0/23"], ["192.0.2.1", "198.51.100.1"], ["::/0"]])
    expect(given(own, beyond)).toBe("CREDENTIAL_TOO_BROAD");
});

test("scopes and reach are given out as far as they are held", () => {
  const given = (scopes: Parameters<typeof requireHeldByCaller>[1]["scopes"]) =>
    reasonOf(() => requireHeldByCaller(call("jwt"), { scopes, objects: [{ type: "document" }] }));
  expect([given(["check"]), given(["tuples:read"])]).toEqual(["held", "CREDENTIAL_TOO_BROAD"]);
});
