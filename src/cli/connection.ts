import { type Command, Option } from "commander";
import { parseApiToken } from "../auth/api-token-format.ts";
import { type ConnectionTls, resolveTls, type TlsOptions, tlsFlags } from "./connection-tls.ts";
import type { CliContext } from "./context.ts";
import { badInput } from "./exit.ts";
import { readInput } from "./files.ts";

const DEFAULT_SERVER = "localhost:50051";
const DEFAULT_TIMEOUT_S = 30;
const MAX_TIMEOUT_S = 3600;

/** Flags of every command that talks to a server. */
export interface ConnectionOptions extends TlsOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tenant?: string;
  readonly timeout?: number;
}

/** Where the server is and who calls. */
export interface Connection {
  /** `host:port`. */
  readonly server: string;
  readonly host: string;
  readonly port: number;
  /** Undefined: clear text. */
  readonly tls: ConnectionTls | undefined;
  readonly token: string;
  /** Selects among the tenants the token's subject is bound to. */
  readonly tenant: string | undefined;
  /** Of one call. */
  readonly timeoutMs: number;
}

export function connectionFlags(command: Command): Command {
  const connected = command
    .optionsGroup("Connection:")
    .option("--server <host:port>", `gRPC address of the server (RELATA_SERVER; default ${DEFAULT_SERVER})`)
    .option("--token <token>", "the caller's JWT or API token (RELATA_TOKEN); other users may see flags, prefer a file")
    .option("--token-file <path>", "a file with the JWT or API token (RELATA_TOKEN_FILE)")
    .option("--tenant <slug>", "which tenant, when the caller is bound to several (RELATA_TENANT)")
    .addOption(
      new Option("--timeout <seconds>", `give up on a call after this long (default ${DEFAULT_TIMEOUT_S})`).argParser(
        (text) => parseNumber(text, "--timeout", 0.001, MAX_TIMEOUT_S),
      ),
    );
  return tlsFlags(connected).optionsGroup("Options:");
}

/** Flags win over the environment. @throws CliError for a missing token or a bad address. */
export async function resolveConnection(context: CliContext, options: ConnectionOptions): Promise<Connection> {
  const { env } = context;
  const server = parseServer(options.server ?? (env["RELATA_SERVER"] || DEFAULT_SERVER));
  return {
    ...server,
    tls: await resolveTls(context, options, server.host),
    token: await resolveToken(context, options),
    tenant: options.tenant ?? (env["RELATA_TENANT"] || undefined),
    timeoutMs: (options.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
  };
}

function parseServer(text: string): Pick<Connection, "server" | "host" | "port"> {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^\s:/[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.["port"]);
  const host = match?.groups?.["v6"] ?? match?.groups?.["host"];
  if (host !== undefined && port > 0 && port < 65_536) return { server: text, host, port };
  throw badInput(`not a server address: ${JSON.stringify(text)}`, {
    where: "--server or RELATA_SERVER",
    hint: `write host:port of the gRPC port, such as ${DEFAULT_SERVER}, without http://`,
  });
}

async function resolveToken(context: CliContext, options: ConnectionOptions): Promise<string> {
  if (options.token !== undefined && options.tokenFile !== undefined) {
    throw badInput("give --token or --token-file, not both");
  }
  const file = options.tokenFile ?? (options.token === undefined ? context.env["RELATA_TOKEN_FILE"] : undefined);
  const token = options.token ?? (file ? await readInput(context, file) : context.env["RELATA_TOKEN"]);
  const where = options.token === undefined && file ? file : "--token or RELATA_TOKEN";
  const trimmed = (token ?? "").trim().replace(/^Bearer\s+/i, "");
  if (trimmed === "") {
    throw badInput(file ? "the token file is empty" : "an access token is needed", {
      where,
      hint: "give --token-file PATH, or set RELATA_TOKEN; `relata dev` prints a token to try",
    });
  }
  if (/[^\x21-\x7e]/.test(trimmed)) {
    throw badInput("the access token holds blanks or other characters that no token has", { where });
  }
  // Its check digits find a copy that lost its end, without a server.
  if (trimmed.startsWith("rlt_") && parseApiToken(trimmed) === undefined) {
    throw badInput("the API token was copied wrong: its check digits do not fit", {
      where,
      hint: "copy all of it, from rlt_ to the end, once more",
    });
  }
  return trimmed;
}

/** A number of a flag. @throws CliError that names the flag and the range. */
function parseNumber(text: string, flag: string, min: number, max: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw badInput(`${flag} expects a number from ${min} to ${max}, not ${JSON.stringify(text)}`, { where: flag });
}

/** A whole number of a flag. */
export function parseCount(text: string, flag: string, min: number, max: number): number {
  if (/^\d+$/.test(text.trim())) return parseNumber(text, flag, min, max);
  throw badInput(`${flag} expects a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`, { where: flag });
}
