import { describe, expect, test } from "vitest";
import { createAddressList, isCidr, isCidrWithin } from "../../src/auth/address-list.ts";

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

  test("knows whether one range is within others", () => {
    const whole = ["192.0.2.0/24", "2001:db8::/32"];
    const inside = ["192.0.2.0/24", "192.0.2.7", "192.0.2.128/25", "::ffff:192.0.2.0/120", "2001:db8:1::/48"];
    const outside = ["192.0.2.0/23", "192.0.3.1", "0.0.0.0/0", "::/0", "::ffff:192.0.2.0/119", "2001:db8::/31", "x"];
    expect(inside.filter((cidr) => !isCidrWithin(cidr, whole))).toEqual([]);
    expect(outside.filter((cidr) => isCidrWithin(cidr, whole))).toEqual([]);
    expect(["192.0.2.1", "0.0.0.0/0", "2001:db8::/32"].filter((cidr) => !isCidrWithin(cidr, ["::/0"]))).toEqual([]);
    expect(isCidrWithin("::/0", [])).toBe(true);
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
