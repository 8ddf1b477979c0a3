import { RelataError } from "../errors.ts";
import { type JsonMembers, parseStrictJson } from "./strict-json.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Why keys could not be had; the message is for the log. */
export function keysFailure(message: string): RelataError {
  return new RelataError("ISSUER_KEYS_UNAVAILABLE", message);
}

/**
 * GET one JSON object. Anything but 200 fails, redirects too: where keys come from is the operator's choice, not a server's.
 * @param maxBytes the body is read no further than this
 */
export async function fetchJson(
  url: string,
  fetch: Fetch,
  maxBytes: number,
  signal: AbortSignal,
): Promise<JsonMembers> {
  const response = await fetch(url, { redirect: "manual", signal, headers: { accept: "application/json" } });
  if (response.status !== 200) {
    await response.body?.cancel();
    const redirect = response.status >= 300 && response.status < 400;
    throw keysFailure(`GET ${url} answered ${response.status}${redirect ? ", and redirects are not followed" : ""}`);
  }
  const json = parseStrictJson(await readBody(response, url, maxBytes));
  if (json.kind === "invalid") throw keysFailure(`GET ${url}: not a JSON object`);
  if (json.kind === "duplicate") throw keysFailure(`GET ${url}: ${JSON.stringify(json.key)} is there twice`);
  return json.members;
}

async function readBody(response: Response, url: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // leaving the loop cancels the rest of the body
    if (size > maxBytes) throw keysFailure(`GET ${url}: more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
