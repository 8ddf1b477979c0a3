/** How a dual-stack socket shows who came over IPv4 (RFC 4291 §2.5.5.2). */
const MAPPED_IPV4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** One text for each address: IPv4 is never written as IPv6, and a link's name (`fe80::1%eth0`) says nothing of the peer. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  const zone = address.indexOf("%");
  const bare = zone < 0 ? address : address.slice(0, zone);
  return MAPPED_IPV4.exec(bare)?.[1] ?? bare;
}

/** What one peer can have of its own: of IPv6 the network of 64 bits, in which it has as many addresses as it likes. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::", 2);
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  return `${[...front, ...zeros, ...back].slice(0, 4).join(":")}::/64`;
}
