import { BlockList, isIP } from "node:net";
import type { Peer } from "../../model/peer.ts";
import { plainAddress } from "../peer-address.ts";

export const FORWARDED_HEADER = "x-forwarded-for";

/** Who calls: the connection's other end or, where that is a trusted proxy, whom it reports. */
export type CallerOf = (connection: Peer, forwardedFor: () => string | undefined) => Peer;

/** @param trusted addresses and CIDRs of proxies; none: the header is not even read */
export function createCallerOf(trusted: readonly string[]): CallerOf {
  if (trusted.length === 0) return (connection) => connection;
  const proxies = new BlockList();
  for (const range of trusted) addRange(proxies, range);
  return (connection, forwardedFor) => {
    const reported = isListed(proxies, connection.address) ? forwardedFor() : undefined;
    if (reported === undefined) return connection;
    const address = callerAddress(proxies, connection.address, reported);
    // The certificate is the proxy's own and says nothing of who is behind it.
    return address === connection.address ? connection : { address };
  };
}

/**
 * Each proxy appends whom it has seen, so only what stands behind the last untrusted address is known to be true. What is
 * no address ends the search: the proxy that wrote it is the last one known.
 */
function callerAddress(proxies: BlockList, connection: string, forwardedFor: string): string {
  let caller = connection;
  for (const entry of forwardedFor.split(",").toReversed()) {
    const address = plainAddress(entry.trim());
    if (isIP(address) === 0) return caller;
    caller = address;
    if (!isListed(proxies, address)) return caller;
  }
  return caller;
}

function addRange(list: BlockList, range: string): void {
  const [address = "", prefix] = range.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}

function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}
