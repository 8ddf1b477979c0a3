import type { OpenFgaClient } from "@openfga/sdk";
import { type PeerAddress, PeerError } from "./peer.ts";
import { formatPlace } from "./peer-address.ts";

export type OpenFgaSdk = typeof import("@openfga/sdk");

export interface OpenFgaServer {
  readonly sdk: OpenFgaSdk;
  readonly client: OpenFgaClient;
  readonly address: PeerAddress;
}

/** What the SDK's errors carry when a server has answered. */
interface Refusal {
  readonly statusCode?: number;
  readonly apiErrorCode?: string;
  readonly apiErrorMessage?: string;
}

/** @param timeoutMs of each call @throws PeerError when no OpenFGA answers there, or not with this token */
export async function connectOpenFga(address: PeerAddress, timeoutMs: number): Promise<OpenFgaServer> {
  const sdk = await loadSdk();
  const { token } = address;
  const client = new sdk.OpenFgaClient({
    // The SDK takes no URL that a URL's own printing would shorten, such as one with port 80.
    apiUrl: new URL(`http://${formatPlace(address)}`).origin,
    ...(token === undefined ? {} : { credentials: { method: sdk.CredentialsMethod.ApiToken, config: { token } } }),
    baseOptions: { timeout: timeoutMs },
    // Whoever measures has to see what was refused, not what came out right at the third attempt.
    retryParams: { maxRetry: 0 },
  });
  const server: OpenFgaServer = { sdk, client, address };
  const listed = await calling(server, "listing its stores", () => client.listStores({ pageSize: 1 }));
  if (!Array.isArray(listed.stores)) throw new PeerError(`${nameOf(address)}: ${NO_OPENFGA}`);
  return server;
}

async function loadSdk(): Promise<OpenFgaSdk> {
  try {
    return await import("@openfga/sdk");
  } catch (cause) {
    throw new PeerError(
      "OpenFGA is asked by its own client, which is not installed: npm install --no-save @openfga/sdk@0.9.7",
      { cause },
    );
  }
}

export function nameOf(address: PeerAddress): string {
  return `OpenFGA at ${formatPlace(address)}`;
}

/** @param doing such as `writing the model` @throws PeerError with what the failure means to whoever named the peer */
export async function calling<T>({ address }: OpenFgaServer, doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof PeerError) throw error;
    // Without a cause: the SDK's errors carry the request, which is long and has the token in it.
    throw new PeerError(`${nameOf(address)}, ${doing}: ${meaningOf(error, address)}`);
  }
}

/** Of an error that a server has answered with. */
export function codeOf(error: unknown): string | undefined {
  return (error as Refusal).apiErrorCode;
}

/** In its own words. */
export function wordsOf(error: unknown): string {
  const { apiErrorMessage } = error as Refusal;
  return apiErrorMessage ?? (error instanceof Error ? error.message : String(error));
}

const NO_OPENFGA =
  "an HTTP server answers there that is no OpenFGA: name OpenFGA's HTTP port, which is 8080 by default";

function meaningOf(error: unknown, { token }: PeerAddress): string {
  const { statusCode } = error as Refusal;
  const code = codeOf(error);
  const said = code === undefined ? wordsOf(error) : `${code}: ${wordsOf(error)}`;
  if (statusCode === undefined) return isOfClient(error) ? `${NO_OPENFGA} (${said})` : withoutAnswer(said);
  if (statusCode === 401 || statusCode === 403)
    return token === undefined
      ? `it asks for a token (${said}): add one, openfga=HOST:PORT,TOKEN`
      : `it does not take the token (${said}): give one of those it was started with (--authn-preshared-keys)`;
  if (code === undefined) return `${NO_OPENFGA} (HTTP ${statusCode})`;
  if (statusCode === 429) return `it is asked more often than it allows (${said})`;
  if (code === "authorization_model_resolution_too_complex")
    return `it gives up at so many steps (${said}): start it with a greater --resolve-node-limit, 25 by default`;
  if (code === "deadline_exceeded")
    return (
      `it ran out of its own time (${said}): more of it is --request-timeout, 3 s by default, and with --datastore-engine memory ` +
      "each tuple that is written is compared with all others: postgres is for many"
    );
  if (statusCode < 500) return `it refuses what it was sent (${said})`;
  return `it failed (HTTP ${statusCode}, ${said})`;
}

/** The client sends nothing that a server cannot have told it, such as an odd id of a store. */
function isOfClient(error: unknown): boolean {
  return error instanceof Error && ["FgaValidationError", "FgaRequiredParamError"].includes(error.name);
}

function withoutAnswer(said: string): string {
  const why = said.replace(/^FGA Error: /, "");
  if (why.includes("ECONNREFUSED"))
    return `nothing listens there (${why}): start OpenFGA, or name the host and port of its HTTP API`;
  if (why.includes("ENOTFOUND") || why.includes("EAI_AGAIN"))
    return `there is no such host (${why}): nothing is known by this name`;
  if (why.startsWith("timeout of")) return `no answer in time (${why}): is it OpenFGA's HTTP port, and is it up?`;
  if (/Parse Error|hang up|ECONNRESET/.test(why))
    return `what listens there does not speak HTTP/1.1 without TLS (${why}): name OpenFGA's HTTP port, which is 8080 by default`;
  return `no connection (${why})`;
}
