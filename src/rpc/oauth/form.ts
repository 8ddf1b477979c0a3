import { OAuthError } from "../../service/token-service/oauth-error.ts";
import type { HttpRequest } from "../plain-http.ts";

/** A subject and an actor token of `maxTokenBytes` would be more: who exchanges tokens that long sends one of them. */
export const MAX_FORM_BYTES = 16 * 1024;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** More than any request here has. */
const MAX_PARAMETERS = 32;

/** Parameters by name. Those sent without a value count as left out (RFC 6749 §3.2). */
export type Form = ReadonlyMap<string, string>;

/**
 * Reads a form, and only a form: `application/x-www-form-urlencoded` in UTF-8 (RFC 6749 appendix B) of 16 KiB at most, in
 * which no parameter stands twice (§3.2).
 * @param signal ends the wait for it
 * @throws OAuthError invalid_request
 */
export async function readForm(request: HttpRequest, signal: AbortSignal): Promise<Form> {
  const type = request.headers["content-type"];
  if (type === undefined || !FORM_TYPE.test(type)) {
    throw malformed("send content-type: application/x-www-form-urlencoded");
  }
  if (request.headers["content-encoding"] !== undefined) throw malformed("the form may not be compressed");
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > MAX_FORM_BYTES) throw tooLarge();
  return parseForm(await readBody(request, signal));
}

/** By events: to leave a loop over the stream would destroy it, and the connection that the answer goes back on with it. */
function readBody(request: HttpRequest, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > MAX_FORM_BYTES) reject(tooLarge());
  };
  const late = () => reject(malformed("the form did not arrive in time"));
  request.on("data", take);
  request.once("end", () => resolve(Buffer.concat(chunks)));
  request.once("error", () => reject(malformed("the form broke off")));
  request.once("close", () => reject(malformed("the form broke off")));
  signal.addEventListener("abort", late, { once: true });
  return promise.finally(() => {
    signal.removeEventListener("abort", late);
    request.off("data", take);
    request.pause();
  });
}

function parseForm(body: Uint8Array): Form {
  const form = new Map<string, string>();
  const seen = new Set<string>();
  const pairs = decodeUtf8(body).split("&", MAX_PARAMETERS + 1);
  if (pairs.length > MAX_PARAMETERS) throw malformed(`a request has at most ${MAX_PARAMETERS} parameters`);
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decodeComponent(pair.slice(equals + 1));
    if (seen.has(name)) throw malformed("a parameter is there twice");
    seen.add(name);
    if (value !== "") form.set(name, value);
  }
  return form;
}

/** Of a form or of Basic credentials, which are encoded alike (RFC 6749 §2.3.1). @throws OAuthError invalid_request */
export function decodeComponent(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformed("a parameter is not form-urlencoded UTF-8");
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw malformed("the form is not UTF-8");
  }
}

function tooLarge(): OAuthError {
  return malformed(`the form is larger than ${MAX_FORM_BYTES} bytes`);
}

function malformed(description: string): OAuthError {
  return new OAuthError("invalid_request", description);
}
