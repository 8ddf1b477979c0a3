import { refuse } from "./refusal.ts";

/**
 * The token of an `authorization` header, by RFC 6750 §2.1: the scheme in any case, one space, the token.
 * @param maxTokenBytes a longer token is refused before anything of it is looked at
 */
export function parseBearer(authorization: string | undefined, maxTokenBytes: number): string {
  if (authorization === undefined || authorization === "") refuse("token_missing");
  const space = authorization.indexOf(" ");
  if (space < 0 || authorization.slice(0, space).toLowerCase() !== "bearer") refuse("scheme_not_bearer");
  const token = authorization.slice(space + 1);
  // header values are one byte a character
  if (token.length > maxTokenBytes) refuse("token_too_large", `${token.length} bytes, at most ${maxTokenBytes}`);
  // Two headers joined by a proxy come as `Bearer a, Bearer b`: which one counts is anybody's guess.
  if (token === "" || /[\s,]/.test(token)) refuse("scheme_not_bearer", "not exactly one token");
  return token;
}
