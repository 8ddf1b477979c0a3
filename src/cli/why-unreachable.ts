import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Connection } from "./connection.ts";
import { type ConnectionTls, isThisMachine } from "./connection-tls.ts";

/** Why no call arrived, where it is not that nobody listens there. */
export interface Unreachable {
  readonly message: string;
  readonly hint: string;
}

/** Of one more connection, made to learn what the first one met. */
const PROBE_TIMEOUT_MS = 3_000;
/** RFC 9113 section 3.4, with an empty SETTINGS frame: every HTTP/2 server answers with its own SETTINGS. */
const HTTP2_PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

const UNTRUSTED = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/**
 * grpc-js tells of some failures in OpenSSL's words and of others not at all: a server that ends the connection since it does not
 * accept the certificate leaves "failed to connect". So the handshake is made once more, and watched.
 */
export async function whyUnreachable(connection: Connection, nowMs: number): Promise<Unreachable | undefined> {
  const { server, host, tls } = connection;
  if (tls === undefined) {
    const met = await probe(connection, undefined);
    if (met.kind === "silent" || (met.kind === "failed" && !met.alert)) return undefined;
    return { message: `${server} speaks TLS`, hint: "name the authority of its certificate with --ca FILE" };
  }
  const met = await probe(connection, tls);
  if (met.kind === "secure") return identityRefused(server, tls, nowMs);
  if (met.kind !== "failed") return undefined;
  const { code, alert, names = "another name" } = met;
  if (UNTRUSTED.has(code)) return untrusted(server, tls);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const hint = "name the server with --server as its certificate does";
    return { message: `the certificate of ${server} is not for ${host}, but for ${names}`, hint };
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    const is = code === "CERT_HAS_EXPIRED" ? "has expired" : "is not valid yet";
    return { message: `the certificate of ${server} ${is}`, hint: "the server needs another, or this clock is wrong" };
  }
  if (alert) return identityRefused(server, tls, nowMs);
  return (await speaksClearText(connection)) ? clearText(connection) : undefined;
}

function untrusted(server: string, { ca }: ConnectionTls): Unreachable {
  return {
    message: `the certificate of ${server} comes from an authority that is not trusted`,
    hint:
      ca === undefined
        ? "name the authority's certificate with --ca FILE"
        : `${ca.file} does not hold that authority's certificate; name the file that does with --ca FILE`,
  };
}

function clearText({ server, host }: Connection): Unreachable {
  const hint = isThisMachine(host)
    ? "leave out --ca, --cert and --key, and their variables"
    : "give it certificates or put TLS in front of it; --insecure sends the token for everybody on the way to read";
  return { message: `${server} speaks clear text, not TLS`, hint };
}

function identityRefused(server: string, { identity }: ConnectionTls, nowMs: number): Unreachable {
  if (identity === undefined) {
    const hint = "name yours with --cert FILE, and its private key with --key FILE";
    return { message: `${server} asks callers for a certificate`, hint };
  }
  const { cert, validToMs } = identity;
  return {
    message: `${server} does not accept the certificate in ${cert.file}`,
    hint:
      validToMs <= nowMs
        ? `it expired at ${new Date(validToMs).toISOString()}`
        : "it must come from an authority that the server names in tlsClientCaFile",
  };
}

/** What one connection met: an answer, a handshake that was made and then dropped, or a failure. */
type Met =
  | { readonly kind: "spoke" | "secure" | "silent" }
  | { readonly kind: "failed"; readonly code: string; readonly alert: boolean; readonly names?: string };

/** @param tls undefined: whoever is there, to learn whether it speaks TLS at all */
function probe({ host, port }: Connection, tls: ConnectionTls | undefined): Promise<Met> {
  return new Promise((resolve) => {
    const socket = connectTls({
      host,
      port,
      ALPNProtocols: ["h2"],
      rejectUnauthorized: tls !== undefined,
      ...(isIP(host) === 0 && { servername: host }),
      ...(tls?.ca && { ca: tls.ca.text }),
      ...(tls?.identity && { cert: tls.identity.cert.text, key: tls.identity.key.text }),
    });
    let secure = false;
    const end = (met: Met) => {
      socket.destroy();
      resolve(met);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => end({ kind: secure ? "spoke" : "silent" }));
    socket.once("secureConnect", () => {
      secure = true;
      // With TLS 1.3 a server judges the certificate after the client is done: it speaks only to those it accepts.
      socket.write(HTTP2_PREFACE);
    });
    socket.once("data", () => end({ kind: "spoke" }));
    socket.once("close", () => end({ kind: secure ? "secure" : "silent" }));
    socket.once("error", (error: NodeJS.ErrnoException & { cert?: { subjectaltname?: string } }) => {
      const { code = "", cert } = error;
      // TLS 1.2 has no alert of its own for a certificate that is missing.
      const alert = secure || /_ALERT_(.*CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/.test(code);
      end({ kind: "failed", code, alert, ...(cert?.subjectaltname && { names: cert.subjectaltname }) });
    });
  });
}

function speaksClearText({ host, port }: Connection): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => end(false));
    socket.once("connect", () => socket.write(HTTP2_PREFACE));
    // A frame of type SETTINGS.
    socket.once("data", (bytes: Buffer) => end(bytes[3] === 4));
    socket.once("close", () => end(false));
    socket.once("error", () => end(false));
  });
}
