import { expect, test } from "vitest";
import { plainAddress } from "../../src/rpc/peer-address.ts";

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:192.0.2.7", "192.0.2.7"],
  ["::ffff:c000:207", "::ffff:c000:207"],
  ["2001:db8::1", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  [undefined, ""],
])("the address %s is %s", (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
