import { open } from "node:fs/promises";
import type { TrustedIssuer } from "../model/trust.ts";
import { type Fetch, fetchJson, keysFailure } from "./fetch-json.ts";
import { MAX_KEYS } from "./key-table.ts";
import { type JsonMembers, parseStrictJson } from "./strict-json.ts";
import { isLoopback, whyUnsafeUrl } from "./url.ts";

/** A key set as it was read. */
export interface LoadedKeys {
  /** The members of `keys`, not yet judged. */
  readonly keys: readonly unknown[];
  /** How often the set asks to be read again (`spiffe_refresh_hint`), milliseconds; undefined where it does not say. */
  readonly refreshHintMs?: number | undefined;
}

/** Reads an issuer's key set afresh. */
export type LoadKeys = (signal: AbortSignal) => Promise<LoadedKeys>;

/** Largest discovery document or key set, bytes. */
const MAX_DOCUMENT_BYTES = 256 * 1024;

export function createKeyLoader(issuer: TrustedIssuer, fetch: Fetch): LoadKeys {
  const { keys } = issuer;
  switch (keys.kind) {
    case "discovery":
      return async (signal) => {
        const url = await discoverJwksUrl(issuer.issuer, fetch, signal);
        return keysOf(await fetchJson(url, fetch, MAX_DOCUMENT_BYTES, signal), url);
      };
    case "jwks":
      return async (signal) => keysOf(await fetchJson(keys.url, fetch, MAX_DOCUMENT_BYTES, signal), keys.url);
    case "file":
      return async () => keysOf(await readJsonFile(keys.path), keys.path);
    case "own":
      return async () => {
        throw keysFailure(`${issuer.issuer}: keys of its own come from the store, not from the settings`);
      };
  }
}

/** OpenID Connect Discovery 1.0 §4: the document must name the very issuer it was asked of. */
async function discoverJwksUrl(issuer: string, fetch: Fetch, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const document = await fetchJson(url, fetch, MAX_DOCUMENT_BYTES, signal);
  const named = document.get("issuer");
  if (named !== issuer)
    throw keysFailure(`${url} is of issuer ${JSON.stringify(named)}, not ${JSON.stringify(issuer)}`);
  const jwksUri = document.get("jwks_uri");
  if (typeof jwksUri !== "string") throw keysFailure(`${url} has no jwks_uri`);
  const unsafe = whyUnsafeUrl(jwksUri);
  if (unsafe !== undefined) throw keysFailure(`jwks_uri ${JSON.stringify(jwksUri)} in ${url}: ${unsafe}`);
  // A remote issuer must not send this process to services of its own machine.
  if (isLoopback(new URL(jwksUri)) && !isLoopback(new URL(issuer))) {
    throw keysFailure(`jwks_uri ${JSON.stringify(jwksUri)} in ${url}: a loopback address`);
  }
  return jwksUri;
}

function keysOf(document: JsonMembers, where: string): LoadedKeys {
  const keys = document.get("keys");
  if (!Array.isArray(keys)) throw keysFailure(`${where}: no array "keys", so not a JSON Web Key Set`);
  if (keys.length > MAX_KEYS) throw keysFailure(`${where}: ${keys.length} keys, at most ${MAX_KEYS}`);
  // Seconds, by SPIFFE Trust Domain and Bundle §4.1.2; nothing else has a member of this name.
  const hint = document.get("spiffe_refresh_hint");
  return { keys, refreshHintMs: typeof hint === "number" && hint > 0 ? hint * 1000 : undefined };
}

async function readJsonFile(path: string): Promise<JsonMembers> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(MAX_DOCUMENT_BYTES + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size < buffer.length; size += read) {
      read = (await file.read(buffer, size, buffer.length - size)).bytesRead;
    }
    if (size > MAX_DOCUMENT_BYTES) throw keysFailure(`${path}: more than ${MAX_DOCUMENT_BYTES} bytes`);
    const json = parseStrictJson(buffer.subarray(0, size));
    if (json.kind === "object") return json.members;
    throw keysFailure(`${path}: ${json.kind === "duplicate" ? `${json.key} is there twice` : "not a JSON object"}`);
  } finally {
    await file.close();
  }
}
