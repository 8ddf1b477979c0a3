import { BlockList, isIP } from "node:net";

/** Addresses from which a credential may be used. */
export interface AddressList {
  /** @param address IPv4, IPv6, or IPv4 written as IPv6 (`::ffff:192.0.2.1`), which is the same; empty is in no list */
  has(address: string): boolean;
}

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

const CIDR = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/;

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. */
export function isCidr(text: string): boolean {
  return rangeOf(text) !== undefined;
}

/** What is no CIDR allows nothing. */
export function createAddressList(cidrs: readonly string[]): AddressList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const range = rangeOf(cidr);
    if (range !== undefined) list.addSubnet(range.address, range.prefix, range.family);
  }
  return {
    has(address) {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
    },
  };
}

/** Whether every address of the range is in one of these; of an empty list everything is. */
export function isCidrWithin(cidr: string, cidrs: readonly string[]): boolean {
  const part = rangeOf(cidr);
  if (cidrs.length === 0) return true;
  if (part === undefined) return false;
  return cidrs.some((other) => {
    const whole = rangeOf(other);
    return whole !== undefined && bitsOf(part) >= bitsOf(whole) && createAddressList([other]).has(part.address);
  });
}

/** IPv4 is the last 32 bits of some IPv6 (`::ffff:0:0/96`), so the two compare. */
function bitsOf({ prefix, family }: Range): number {
  return family === "ipv4" ? prefix + 96 : prefix;
}

function rangeOf(text: string): Range | undefined {
  const [, address = "", bits] = CIDR.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  const widest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? widest : Number(bits);
  return prefix > widest ? undefined : { address, prefix, family: family === 4 ? "ipv4" : "ipv6" };
}
