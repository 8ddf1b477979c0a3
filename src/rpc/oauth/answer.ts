import { RelataError } from "../../errors.ts";
import type { OAuthErrorCode } from "../../service/token-service/oauth-error.ts";
import { OAuthError } from "../../service/token-service/oauth-error.ts";
import { toFailure } from "../error-map.ts";
import { answerJson, type HttpResponse } from "../plain-http.ts";

const STATUS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_token_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  server_error: 500,
} as const satisfies Record<OAuthErrorCode, number>;

/** Nothing that these endpoints answer may be kept by anybody (RFC 6749 §5.1). */
export function answerOAuth(response: HttpResponse, status: number, body: object): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("pragma", "no-cache");
  answerJson(response, status, body);
}

export function answerOAuthError(response: HttpResponse, error: OAuthError): void {
  // RFC 6749 §5.2: with the scheme the client used; there is no other.
  if (error.code === "invalid_client") response.setHeader("www-authenticate", 'Basic realm="relata", charset="UTF-8"');
  // RFC 6750 §3.
  if (error.code === "invalid_token" || error.code === "insufficient_scope") {
    response.setHeader("www-authenticate", `Bearer realm="relata", error="${error.code}"`);
  }
  if (error.retryAfterMs !== undefined) {
    response.setHeader("retry-after", String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))));
  }
  answerOAuth(response, STATUS[error.code], { error: error.code, error_description: ascii(error.message) });
}

/** Whatever went wrong, in OAuth's words; what nobody foresaw says nothing but where to look. */
export function toOAuthError(error: unknown, requestId: string): OAuthError {
  if (error instanceof OAuthError) return error;
  const { kind, message, detail, retryAfterMs } = toFailure(error, requestId);
  const about = { detail: detail ?? String(error), cause: error };
  if (error instanceof RelataError && PASSING.has(kind)) {
    return new OAuthError("temporarily_unavailable", message, { ...about, retryAfterMs: retryAfterMs ?? 1_000 });
  }
  return new OAuthError(kind === "permission_denied" ? "insufficient_scope" : "server_error", message, about);
}

/** What may be different the next time, without anybody changing the request. */
const PASSING: ReadonlySet<string> = new Set([
  "unavailable",
  "deadline_exceeded",
  "resource_exhausted",
  "cancelled",
  "aborted",
]);

/** RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E. */
function ascii(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, " ");
}
