import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

cryptoProvider.set(webcrypto);

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const HOUR_MS = 3_600_000;

/** A certificate and its key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  /** As `x5t#S256` has it. */
  readonly sha256: string;
}

export interface LeafOptions {
  /** Milliseconds since the epoch; an hour from now by default. */
  readonly notAfterMs?: number;
  readonly names?: readonly string[];
  /** False: for `names` alone, and not for this machine as well. */
  readonly here?: boolean;
}

/** An authority with a root of its own, that issues certificates of servers on this machine and of their clients. */
export interface TestAuthority {
  /** Of the root, PEM. */
  readonly ca: string;
  server(options?: LeafOptions): Promise<TestCertificate>;
  client(options?: LeafOptions): Promise<TestCertificate>;
}

export async function createTestAuthority(name = "relata test"): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (usage: string, { notAfterMs = Date.now() + HOUR_MS, names = [], here = true }: LeafOptions) => {
    const local = [{ type: "dns", value: "localhost" } as const, { type: "ip", value: "127.0.0.1" } as const];
    const own = await webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
    const leaf = await X509CertificateGenerator.create({
      subject: "CN=leaf",
      issuer: root.subject,
      notBefore: new Date(Date.now() - 2 * HOUR_MS),
      notAfter: new Date(notAfterMs),
      signingAlgorithm: EC,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new ExtendedKeyUsageExtension([usage]),
        new SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: "dns", value }) as const),
          ...(here ? local : []),
        ]),
      ],
    });
    return asPem(leaf, own.privateKey);
  };
  return {
    ca: root.toString("pem"),
    server: (options = {}) => issue(SERVER_AUTH, options),
    client: (options = {}) => issue(CLIENT_AUTH, options),
  };
}

async function asPem(leaf: X509Certificate, key: webcrypto.CryptoKey): Promise<TestCertificate> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  return {
    cert: leaf.toString("pem"),
    key: PemConverter.encode(pkcs8, "PRIVATE KEY"),
    sha256: createHash("sha256").update(new Uint8Array(leaf.rawData)).digest("base64url"),
  };
}

/** Files as a server is configured with, in a folder of their own. */
export interface TlsFolder {
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly tlsClientCaFile: string;
  /** Puts another certificate in place of the one there is. */
  write(server: TestCertificate): void;
  remove(): void;
}

export function createTlsFolder(server: TestCertificate, clientCa: string): TlsFolder {
  const folder = mkdtempSync(join(tmpdir(), "relata-tls-"));
  const paths = {
    tlsCertFile: join(folder, "tls.crt"),
    tlsKeyFile: join(folder, "tls.key"),
    tlsClientCaFile: join(folder, "ca.crt"),
  };
  const write = ({ cert, key }: TestCertificate) => {
    writeFileSync(paths.tlsCertFile, cert);
    writeFileSync(paths.tlsKeyFile, key);
  };
  write(server);
  writeFileSync(paths.tlsClientCaFile, clientCa);
  return { ...paths, write, remove: () => rmSync(folder, { recursive: true }) };
}
