import { isApiToken } from "../../auth/api-token-authenticator.ts";
import type { JsonMembers } from "../../auth/strict-json.ts";
import { parseToken } from "../../auth/token.ts";
import { RelataError } from "../../errors.ts";
import { UNKNOWN_PEER } from "../../model/peer.ts";
import type { Principal } from "../../model/principal.ts";
import type { TokenServiceDeps } from "./deps.ts";

export interface OwnAccessToken {
  readonly principal: Principal;
  /** The only tenant it is good for. */
  readonly tenantSlug: string;
  readonly claims: JsonMembers;
}

/**
 * One of relata's own access tokens that is good now, judged exactly as when it proves a caller; undefined for anything else.
 * @throws RelataError where nothing can be judged
 */
export async function readOwnAccessToken(
  { authenticator, settings }: Pick<TokenServiceDeps, "authenticator" | "settings">,
  token: string,
): Promise<OwnAccessToken | undefined> {
  // None of these, and to be looked at counts as a use of it.
  if (isApiToken(token)) return undefined;
  let principal: Principal;
  try {
    principal = await authenticator.authenticate(`Bearer ${token}`, UNKNOWN_PEER);
  } catch (error) {
    if (error instanceof RelataError && error.kind === "unauthenticated") return undefined;
    throw error;
  }
  const { grant, issuer } = principal;
  if (issuer !== settings.issuer || grant.kind !== "tenants") return undefined;
  const [tenantSlug] = grant.slugs;
  return tenantSlug === undefined ? undefined : { principal, tenantSlug, claims: parseToken(token).claims };
}
