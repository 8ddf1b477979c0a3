/** How a dual-stack socket shows who came over IPv4 (RFC 4291 §2.5.5.2). */
const MAPPED_IPV4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** One text for each address: IPv4 is never written as IPv6, and a link's name (`fe80::1%eth0`) says nothing of the peer. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  const zone = address.indexOf("%");
  const bare = zone < 0 ? address : address.slice(0, zone);
  return MAPPED_IPV4.exec(bare)?.[1] ?? bare;
}
