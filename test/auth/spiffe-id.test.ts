import { describe, expect, test } from "vitest";
import { parseSpiffeId } from "../../src/auth/spiffe-id.ts";

describe("a SPIFFE ID", () => {
  test.each<[string, string, string]>([
    ["spiffe://example.org", "example.org", ""],
    ["spiffe://example.org/ns/shop/sa/cart", "example.org", "/ns/shop/sa/cart"],
    ["spiffe://a/b", "a", "/b"],
    ["spiffe://1.2.3.4/x", "1.2.3.4", "/x"],
    ["spiffe://under_score-dash.dot/Upper_lower-1.2", "under_score-dash.dot", "/Upper_lower-1.2"],
    ["spiffe://example.org/...", "example.org", "/..."],
    ["spiffe://example.org/.hidden/a..b", "example.org", "/.hidden/a..b"],
    [`spiffe://${"d".repeat(255)}/x`, "d".repeat(255), "/x"],
    [`spiffe://d/${"p".repeat(2037)}`, "d", `/${"p".repeat(2037)}`],
  ])("%s is one", (text, trustDomain, path) => {
    expect(parseSpiffeId(text)).toEqual({ trustDomain, path });
  });

  test.each<[string, string]>([
    ["an empty text", ""],
    ["another scheme", "https://example.org/x"],
    ["a scheme in capitals", "SPIFFE://example.org/x"],
    ["no authority", "spiffe:///x"],
    ["one slash", "spiffe:/example.org/x"],
    ["no trust domain at all", "spiffe://"],
    ["a trust domain in capitals", "spiffe://Example.org/x"],
    ["a port", "spiffe://example.org:8443/x"],
    ["a user", "spiffe://me@example.org/x"],
    ["a trust domain with a percent", "spiffe://example%2eorg/x"],
    ["a trust domain in another script", "spiffe://exаmple.org/x"],
    ["a trust domain too long", `spiffe://${"d".repeat(256)}/x`],
    ["a slash at the end", "spiffe://example.org/"],
    ["a slash at the end of a path", "spiffe://example.org/x/"],
    ["an empty segment", "spiffe://example.org/x//y"],
    ["a dot for a segment", "spiffe://example.org/./x"],
    ["a dot at the end", "spiffe://example.org/x/."],
    ["two dots for a segment", "spiffe://example.org/x/../y"],
    ["two dots at the end", "spiffe://example.org/.."],
    ["a path with a percent", "spiffe://example.org/x%2fy"],
    ["a path with a colon", "spiffe://example.org/x:y"],
    ["a query", "spiffe://example.org/x?y"],
    ["a fragment", "spiffe://example.org/x#y"],
    ["a space", "spiffe://example.org/x y"],
    ["a line break at the end", "spiffe://example.org/x\n"],
    ["a line break behind the trust domain", "spiffe://example.org\n/x"],
    ["2,049 bytes", `spiffe://d/${"p".repeat(2038)}`],
  ])("%s makes it none", (_name, text) => {
    expect(parseSpiffeId(text)).toBeUndefined();
  });
});
