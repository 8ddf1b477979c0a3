import { isIP } from "node:net";
import type { Command } from "commander";
import { certificatesIn, privateKeyIn } from "../config/tls-files.ts";
import type { CliContext } from "./context.ts";
import { badInput } from "./exit.ts";
import { readInput } from "./files.ts";

/** Flags that say how far a server is trusted, and what this side proves itself with. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
}

/** PEM, and the files it came from. */
export interface ConnectionTls {
  /** Whom to trust instead of Node's own list. */
  readonly ca: Pem | undefined;
  /** What the caller shows. */
  readonly identity: { readonly cert: Pem; readonly key: Pem; readonly validToMs: number } | undefined;
}

interface Pem {
  readonly file: string;
  readonly text: string;
}

export function tlsFlags(command: Command): Command {
  return command
    .option("--ca <file>", "TLS with a server whose certificate these authorities vouch for, PEM (RELATA_CA)")
    .option("--cert <file>", "the certificate to show the server, PEM (RELATA_CERT)")
    .option("--key <file>", "its private key, PEM (RELATA_KEY)")
    .option("--insecure", "clear text to another machine too: who listens in has the token (RELATA_INSECURE=1)");
}

/**
 * TLS to every other machine, unless `--insecure` says otherwise: the token goes with each call. To this one clear text,
 * unless a file is named.
 * @returns undefined for clear text
 * @throws CliError that names the file, flag or variable that is wrong
 */
export async function resolveTls(
  context: CliContext,
  options: TlsOptions,
  host: string,
): Promise<ConnectionTls | undefined> {
  const { env } = context;
  const given = { ca: options.ca, cert: options.cert, key: options.key };
  const flagged = Object.values(given).some((file) => file !== undefined);
  if (options.insecure === true && flagged) throw badInput("give --insecure, or --ca, --cert and --key, not both");
  if (options.insecure === true) return undefined;
  const files = {
    ca: given.ca ?? (env["RELATA_CA"] || undefined),
    cert: given.cert ?? (env["RELATA_CERT"] || undefined),
    key: given.key ?? (env["RELATA_KEY"] || undefined),
  };
  const named = Object.values(files).some((file) => file !== undefined);
  if (!flagged && isInsecure(env["RELATA_INSECURE"])) {
    if (named) throw badInput("set RELATA_INSECURE, or RELATA_CA, RELATA_CERT and RELATA_KEY, not both");
    return undefined;
  }
  if (!named && isThisMachine(host)) return undefined;
  return {
    ca: files.ca === undefined ? undefined : await readCertificates(context, files.ca),
    identity: await readIdentity(context, files),
  };
}

export function isThisMachine(host: string): boolean {
  return host === "localhost" || (isIP(host) === 4 ? host.startsWith("127.") : host === "::1");
}

function isInsecure(value = ""): boolean {
  if (["1", "true"].includes(value)) return true;
  if (["", "0", "false"].includes(value)) return false;
  throw badInput(`expected 1 or 0, not ${JSON.stringify(value)}`, { where: "RELATA_INSECURE" });
}

async function readIdentity(
  context: CliContext,
  files: { readonly cert: string | undefined; readonly key: string | undefined },
): Promise<ConnectionTls["identity"]> {
  if (files.cert === undefined && files.key === undefined) return undefined;
  if (files.cert === undefined) throw badInput("--key needs --cert, the key's certificate", { where: "--key" });
  if (files.key === undefined) throw badInput("--cert needs --key, the certificate's private key", { where: "--cert" });
  const cert = await readCertificates(context, files.cert);
  const key = await readPem(context, files.key, privateKeyIn);
  if (!cert.leaf.checkPrivateKey(key.key))
    throw badInput(`${files.key} is not the key of the certificate in ${files.cert}`, { where: files.key });
  return { cert, key, validToMs: cert.leaf.validToDate.getTime() };
}

function readCertificates(context: CliContext, file: string) {
  return readPem(context, file, certificatesIn);
}

async function readPem<Found extends object>(
  context: CliContext,
  file: string,
  find: (file: string, text: string) => Found,
): Promise<Pem & Found> {
  const text = await readInput(context, file);
  try {
    return { ...find(file, text), file, text };
  } catch (error) {
    throw badInput(error instanceof Error ? error.message : String(error), { where: file, cause: error });
  }
}
