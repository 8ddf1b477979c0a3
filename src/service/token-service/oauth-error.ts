/** What the token endpoint says no with (RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 7009 §2.2.1). */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_client"
  | "invalid_grant"
  | "unauthorized_client"
  | "unsupported_grant_type"
  | "unsupported_token_type"
  | "invalid_scope"
  | "invalid_target"
  /** RFC 6750 §3.1, of whoever introspects with a bearer credential. */
  | "invalid_token"
  | "insufficient_scope"
  | "temporarily_unavailable"
  | "server_error";

/**
 * A refusal in OAuth's words, for the endpoints whose errors RFC 6749 lays down; everything else has RelataError. The
 * description is public, `detail` is for the log and the record.
 */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  readonly code: OAuthErrorCode;
  readonly detail: string;
  readonly retryAfterMs: number | undefined;
  /** Whether somebody showed a credential that is none; undefined: as the code says. */
  readonly tried: boolean | undefined;

  constructor(
    code: OAuthErrorCode,
    description: string,
    about: {
      readonly detail?: string;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
      readonly tried?: boolean;
    } = {},
  ) {
    super(description, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.detail = about.detail ?? description;
    this.retryAfterMs = about.retryAfterMs;
    this.tried = about.tried;
  }
}

/** One answer, whoever the client is not and whatever its secret lacks. */
export function invalidClient(detail: string): OAuthError {
  return new OAuthError("invalid_client", "the client is not known, or its secret is not accepted", { detail });
}

/** One answer for a tenant that does not exist, is suspended, or has no such member. */
export function invalidTarget(detail: string): OAuthError {
  return new OAuthError("invalid_target", "no token is issued to this subject for this resource", { detail });
}

/** One answer for a refresh token that is unknown, used, ended, of another client, or of somebody who may no longer. */
export function invalidGrant(detail: string): OAuthError {
  return new OAuthError("invalid_grant", "the refresh token is not accepted: exchange a subject token again", {
    detail,
  });
}
