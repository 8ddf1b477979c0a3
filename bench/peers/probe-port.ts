import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { PeerAddress } from "./peer.ts";

/** What listens at an address, as far as a stranger can tell. */
export type PortKind = "http2" | "http1" | "tls" | "other" | "refused" | "unknown host" | "unreachable" | "silent";

/** RFC 9113 §3.4: what a client begins with, and its SETTINGS without any. A server answers with its own SETTINGS. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
const SETTINGS = 4;
const WITHIN_MS = 3_000;

type Place = Pick<PeerAddress, "host" | "port">;

/** Begins HTTP/2 without TLS and looks at the first bytes that come back: errors of gRPC clients do not tell these cases apart. */
export async function probePort(place: Place): Promise<PortKind> {
  const kind = await speak(connect(place.port, place.host), PREFACE);
  // Servers of TLS close upon anything else, or say nothing to it.
  if (kind !== "other" && kind !== "silent") return kind;
  return (await greetsByTls(place)) ? "tls" : kind;
}

function speak(socket: Socket, words: Uint8Array): Promise<PortKind> {
  return new Promise<PortKind>((resolve) => {
    let connected = false;
    socket.once("connect", () => {
      connected = true;
      socket.write(words);
    });
    socket.once("data", (bytes: Buffer) => resolve(kindOf(bytes)));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(connected ? "other" : kindOfFailure(error)));
    socket.once("close", () => resolve("other"));
    socket.setTimeout(WITHIN_MS, () => resolve(connected ? "silent" : "unreachable"));
  }).finally(() => socket.destroy());
}

function kindOf(bytes: Buffer): PortKind {
  if (bytes.length >= 4 && bytes[3] === SETTINGS) return "http2";
  if (bytes.toString("latin1").startsWith("HTTP/1")) return "http1";
  // An alert of TLS: 21, and the version.
  return bytes[0] === 0x15 && bytes[1] === 0x03 ? "tls" : "other";
}

function kindOfFailure({ code }: NodeJS.ErrnoException): PortKind {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "unknown host";
  return code === "ECONNREFUSED" ? "refused" : "unreachable";
}

function greetsByTls({ host, port }: Place): Promise<boolean> {
  // Nothing is sent over it: whose certificate it is does not matter.
  const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  return new Promise<boolean>((resolve) => {
    socket.once("secureConnect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.setTimeout(WITHIN_MS, () => resolve(false));
  }).finally(() => socket.destroy());
}

/** For whoever named the address; undefined when it speaks HTTP/2 without TLS, as gRPC does. */
export function portTrouble(kind: PortKind, name: string): string | undefined {
  switch (kind) {
    case "http2":
      return undefined;
    case "refused":
      return `nothing listens there (connection refused): start ${name}, or name its gRPC port`;
    case "unknown host":
      return "there is no such host: nothing is known by this name";
    case "unreachable":
      return `no connection within ${WITHIN_MS / 1000} s: is it up, and does a firewall let this machine through?`;
    case "tls":
      return "it speaks TLS: the load generator speaks without, so start it without TLS for the bench";
    case "http1":
      return `an HTTP/1 server listens there: name the gRPC port of ${name}`;
    case "silent":
      return `something listens there but says nothing to HTTP/2 within ${WITHIN_MS / 1000} s: name the gRPC port of ${name}`;
    case "other":
      return `something listens there that does not speak HTTP/2: name the gRPC port of ${name}`;
  }
}
