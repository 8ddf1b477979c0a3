import { isIPv6 } from "node:net";
import type { PeerAddress, PeerName } from "./peer.ts";

export const PEER_FORM = "NAME=HOST:PORT[,TOKEN]";
const PEER_NAMES: readonly PeerName[] = ["spicedb", "openfga"];

/**
 * Reads `spicedb=localhost:50051,token` and `openfga=[::1]:8080`. Everything behind the first comma is the token.
 * @throws RangeError that says what is wrong and what would be right
 */
export function parsePeer(text: string): PeerAddress {
  const equals = text.indexOf("=");
  if (equals < 0) throw wrong(text, `names no peer: write ${PEER_FORM}, such as spicedb=localhost:50051,token`);
  const given = text.slice(0, equals);
  const name = PEER_NAMES.find((one) => one === given);
  if (name === undefined) throw wrong(text, `there is no peer "${given}"; there are ${PEER_NAMES.join(", ")}`);
  const rest = text.slice(equals + 1);
  const comma = rest.indexOf(",");
  const place = comma < 0 ? rest : rest.slice(0, comma);
  const token = comma < 0 ? undefined : rest.slice(comma + 1);
  if (token === "") throw wrong(text, "nothing stands behind the comma: leave it out where the peer asks for no token");
  return { name, ...placeOf(text, place), ...(token !== undefined && { token }) };
}

/** `host:port` as it is written in a URL. */
export function formatPlace({ host, port }: Pick<PeerAddress, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function placeOf(text: string, place: string): Pick<PeerAddress, "host" | "port"> {
  if (place.includes("://"))
    throw wrong(
      text,
      "an address is HOST:PORT without a scheme; the bench speaks without TLS, as its load generator does",
    );
  const colon = place.lastIndexOf(":");
  if (colon < 0) throw wrong(text, `the port is missing: ${place || "HOST"}:PORT`);
  const host = place.slice(0, colon);
  const port = Number(place.slice(colon + 1));
  if (!/^\d+$/.test(place.slice(colon + 1)) || port < 1 || port > 65_535)
    throw wrong(text, `a port is a number from 1 to 65535, not "${place.slice(colon + 1)}"`);
  if (host.startsWith("[") && host.endsWith("]")) {
    const inner = host.slice(1, -1);
    if (!isIPv6(inner)) throw wrong(text, `"${inner}" is no IPv6 address`);
    return { host: inner, port };
  }
  if (host.includes(":")) throw wrong(text, `an IPv6 address stands in brackets: [${host}]:${port}`);
  if (!/^[a-zA-Z0-9._-]+$/.test(host)) throw wrong(text, `"${host}" is no host`);
  return { host, port };
}

/** Without the token, which may be a secret of somebody's. */
function wrong(text: string, why: string): RangeError {
  return new RangeError(`--peer ${text.replace(/,.*/s, ",…")}: ${why}`);
}
