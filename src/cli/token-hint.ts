/** What may be wrong with a token that a server refused. The server tells nobody; what the token itself says is no secret. */
export function tokenHint(token: string, nowMs: number): string {
  if (token.startsWith("rlt_"))
    return "an API token is refused once it has expired or was revoked, and from other addresses than it allows: see `relata token list --all`";
  const expiresAt = expiryOf(token);
  if (expiresAt !== undefined && expiresAt <= nowMs)
    return `the token expired at ${new Date(expiresAt).toISOString()}: get a new one`;
  return "the token is expired, revoked, not for this server, or not from an issuer it trusts";
}

/** Milliseconds since the epoch; undefined for what is no JWT, or has no `exp`. */
function expiryOf(token: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const exp = typeof payload === "object" && payload !== null && "exp" in payload ? payload.exp : undefined;
    return typeof exp === "number" && Math.abs(exp) < 8.64e12 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
