import { constants, createHash } from "node:crypto";
import { type BigIntStats, readFileSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { readTlsFiles, type TlsFiles, type TlsMaterial } from "../../config/tls-files.ts";
import { RelataError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { gauge, type MetricSource } from "../../metrics.ts";
import type { ClientCertificate } from "./connection-peer.ts";

/** What both ports prove themselves with; follows the files it came from. */
export interface Tls {
  /** A server that never listens: connections are handed to it, and come out of `secureConnection`. */
  createServer(alpn: readonly string[]): Server;
  /** @throws Error for a certificate that was shown and is not good. Undefined: none was shown. */
  certificateOf(socket: TLSSocket): ClientCertificate | undefined;
  readonly collect: MetricSource;
  close(): void;
}

export interface TlsOptions {
  readonly log: Logger;
  /** How often the files are looked at. Default: a second, which costs three stats. */
  readonly pollMs?: number;
}

const POLL_MS = 1_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** TLS 1.2 only with forward secrecy and authenticated encryption (RFC 9325 §4.2, RFC 9113 §9.2.2); 1.3 has nothing else. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** @throws INVALID_CONFIG when the files are not fit (any more) to start with */
export function openTls(files: TlsFiles, options: TlsOptions): Tls {
  // Before they are read: a change in between is seen by the first look.
  const mark = pathsOf(files).map(markNow).join();
  const reading = readTlsFiles(files, readText);
  if (reading.kind === "bad")
    throw new RelataError(
      "INVALID_CONFIG",
      reading.problems.map(({ setting, problem }) => `${setting}: ${problem}`).join("\n"),
    );
  let { material } = reading;
  let reloads = 0;
  const servers = new Set<Server>();
  const stop = watchFiles({ paths: pathsOf(files), mark, pollMs: options.pollMs ?? POLL_MS }, () => {
    const next = readTlsFiles(files, readText);
    if (next.kind === "bad") {
      // Key and certificate are two files, and may be written one after the other: the old pair is good until both are there.
      options.log.warn({ problems: next.problems }, "TLS files do not fit together; what was read before stays in use");
      return;
    }
    material = next.material;
    reloads += 1;
    for (const server of servers) server.setSecureContext(contextOf(material, files));
    options.log.info({ notAfter: new Date(material.notAfterMs).toISOString() }, "TLS files read again");
  });
  return {
    createServer(alpn) {
      const server = createServer({
        ...contextOf(material, files),
        ALPNProtocols: [...alpn],
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        requestCert: files.clientAuth !== "none",
        rejectUnauthorized: files.clientAuth === "require",
      });
      servers.add(server);
      return server;
    },
    certificateOf: (socket) => (files.clientAuth === "none" ? undefined : clientCertificate(socket)),
    collect: () => [
      gauge(
        "relata_tls_certificate_not_after_seconds",
        "When the certificate of the ports ends, Unix time.",
        material.notAfterMs / 1000,
      ),
      gauge("relata_tls_reloads", "Times that changed TLS files were taken into use.", reloads),
    ],
    close: stop,
  };
}

function contextOf({ cert, key, ca }: TlsMaterial, { clientAuth }: TlsFiles): SecureContextOptions {
  // A resumed session brings the verdict of its first handshake with it: with client certificates each is judged anew.
  const noTickets = clientAuth === "none" ? 0 : constants.SSL_OP_NO_TICKET;
  return {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    minVersion: "TLSv1.2",
    ciphers: CIPHERS,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | noTickets,
  };
}

function clientCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const { raw, valid_to: validTo } = socket.getPeerCertificate();
  if (raw === undefined) return undefined;
  if (!socket.authorized) throw new Error(`client certificate refused: ${String(socket.authorizationError)}`);
  return { sha256: createHash("sha256").update(raw).digest("base64url"), notAfterMs: Date.parse(validTo) };
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function pathsOf({ certFile, keyFile, clientCaFile }: TlsFiles): readonly string[] {
  return clientCaFile === undefined ? [certFile, keyFile] : [certFile, keyFile, clientCaFile];
}

interface Watch {
  readonly paths: readonly string[];
  /** Of the files as they were read. */
  readonly mark: string;
  readonly pollMs: number;
}

/**
 * Looks at the files themselves: Kubernetes swaps a link somewhere above them, which no watch on a file notices.
 * @returns ends it
 */
function watchFiles({ paths, mark, pollMs }: Watch, changed: () => void): () => void {
  let seen = mark;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    const now = (await Promise.all(paths.map(markOf))).join();
    if (now !== seen) changed();
    seen = now;
    looking = false;
  };
  const timer = setInterval(() => void look(), pollMs);
  timer.unref();
  return () => clearInterval(timer);
}

function markNow(path: string): string {
  return markText(statSync(path, { bigint: true, throwIfNoEntry: false }));
}

async function markOf(path: string): Promise<string> {
  return markText(await stat(path, { bigint: true }).catch(() => undefined));
}

/** Changes whenever a file is written, or another takes its place. */
function markText(stats: BigIntStats | undefined): string {
  return stats === undefined ? "absent" : `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
}
