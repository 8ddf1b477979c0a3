import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

/** How a port proves itself, and whether it asks the same of its callers. */
export interface TlsFiles {
  /** The certificate in PEM, its issuers behind it. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Who may vouch for callers, in PEM. */
  readonly clientCaFile: string | undefined;
  readonly clientAuth: TlsClientAuth;
}

/** `request`: a caller may show a certificate; one that does not verify ends the connection all the same. */
export const TLS_CLIENT_AUTH = ["none", "request", "require"] as const;
export type TlsClientAuth = (typeof TLS_CLIENT_AUTH)[number];

/** What the files hold, fit to be used together. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  /** When the first of the certificates ends, milliseconds since the epoch. */
  readonly notAfterMs: number;
}

export type TlsReading =
  | { readonly kind: "good"; readonly material: TlsMaterial }
  | { readonly kind: "bad"; readonly problems: readonly { readonly setting: string; readonly problem: string }[] };

interface TlsSettings {
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsClientCaFile?: string | undefined;
  readonly tlsClientAuth?: TlsClientAuth | undefined;
}

/** Undefined: the ports speak clear text. */
export function tlsFilesOf(settings: TlsSettings): TlsFiles | undefined {
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tlsClientCaFile: clientCaFile } = settings;
  if (certFile === undefined || keyFile === undefined) return undefined;
  return { certFile, keyFile, clientCaFile, clientAuth: settings.tlsClientAuth ?? "none" };
}

/** Each half of TLS that misses its other half. */
export function tlsDisagreements(
  settings: TlsSettings,
): readonly { readonly setting: string; readonly problem: string }[] {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsClientAuth = "none" } = settings;
  const problems = [];
  if (tlsCertFile !== undefined && tlsKeyFile === undefined)
    problems.push({ setting: "tlsCertFile", problem: "needs tlsKeyFile, the certificate's private key" });
  if (tlsKeyFile !== undefined && tlsCertFile === undefined)
    problems.push({ setting: "tlsKeyFile", problem: "needs tlsCertFile, the key's certificate" });
  if (tlsClientAuth !== "none" && tlsClientCaFile === undefined)
    problems.push({
      setting: "tlsClientAuth",
      problem: `${tlsClientAuth} needs tlsClientCaFile, who vouches for callers`,
    });
  if (tlsClientAuth !== "none" && tlsCertFile === undefined && tlsKeyFile === undefined)
    problems.push({ setting: "tlsClientAuth", problem: `${tlsClientAuth} needs tlsCertFile and tlsKeyFile` });
  if (tlsClientAuth === "none" && tlsClientCaFile !== undefined)
    problems.push({
      setting: "tlsClientCaFile",
      problem: "is of no use while tlsClientAuth is none; set request or require",
    });
  return problems;
}

/** Reads and checks all files together: what is good by itself may not fit the others. */
export function readTlsFiles(files: TlsFiles, readFile: (path: string) => string): TlsReading {
  const problems: { setting: string; problem: string }[] = [];
  const load = <T>(setting: string, path: string, use: (text: string) => T): T | undefined => {
    try {
      return use(readText(path, readFile));
    } catch (error) {
      problems.push({ setting, problem: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const chain = load("tlsCertFile", files.certFile, (text) => certificatesIn(files.certFile, text));
  const key = load("tlsKeyFile", files.keyFile, (text) => privateKeyIn(files.keyFile, text));
  const caFile = files.clientCaFile;
  const ca = caFile === undefined ? undefined : load("tlsClientCaFile", caFile, (text) => certificatesIn(caFile, text));
  if (chain !== undefined && key !== undefined && !chain.leaf.checkPrivateKey(key.key))
    problems.push({
      setting: "tlsKeyFile",
      problem: `${files.keyFile} is not the key of the certificate in ${files.certFile}`,
    });
  if (problems.length > 0 || chain === undefined || key === undefined) return { kind: "bad", problems };
  const notAfterMs = Math.min(...chain.certificates.map(({ validToDate }) => validToDate.getTime()));
  const material = { cert: chain.text, key: key.text, ca: ca?.text, notAfterMs };
  return unusable(material) ?? { kind: "good", material };
}

/** What only OpenSSL finds: a key too short, a curve or a signature it does not take. */
function unusable({ cert, key, ca }: TlsMaterial): TlsReading | undefined {
  try {
    createSecureContext({ cert, key, ...(ca !== undefined && { ca }) });
    return undefined;
  } catch (error) {
    const problem = `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: "bad", problems: [{ setting: "tlsCertFile", problem }] };
  }
}

function readText(path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Error(`cannot read the file ${path} (${why})`);
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws Error that names the file, when not all of it can be read or there is none in it */
export function certificatesIn(path: string, text: string) {
  const certificates = (text.match(CERTIFICATE) ?? []).map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw new Error(`${path}: certificate ${index + 1} of the file cannot be read`);
    }
  });
  const [leaf] = certificates;
  if (leaf === undefined) throw new Error(`${path} holds no certificate in PEM`);
  return { text, leaf, certificates };
}

/** @throws Error that names the file, and says nothing of what is in it */
export function privateKeyIn(path: string, text: string) {
  try {
    return { text, key: createPrivateKey(text) };
  } catch {
    // The library's own message may say more than it should of a secret.
    throw new Error(`${path} holds no private key in PEM that can be read; one with a passphrase cannot`);
  }
}
