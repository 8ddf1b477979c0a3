import { timingSafeEqual } from "node:crypto";
import { accessOf } from "../model/access.ts";
import { API_TOKEN_ISSUER, type ApiTokenLookup, type ApiTokenStats, type FoundApiToken } from "../model/api-token.ts";
import type { Peer } from "../model/peer.ts";
import type { Principal } from "../model/principal.ts";
import { type AddressList, createAddressList } from "./address-list.ts";
import type { ApiTokenAuthenticator } from "./api-token-authenticator.ts";
import { createApiTokenCache } from "./api-token-cache.ts";
import { digestOfProof, parseApiToken } from "./api-token-format.ts";
import { type ApiTokenUses, createApiTokenUses } from "./api-token-uses.ts";
import { type RefusalReason, refuse, shown } from "./refusal.ts";
import type { TrustFeed } from "./trust-feed.ts";

export interface ApiTokensOptions {
  readonly trust: Pick<TrustFeed, "requireFresh" | "onChange">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that only pass. */
  readonly monotonic: () => number;
  readonly log: { warn(fields: object, message: string): void };
  /** Tokens that are remembered. Default 10,000. */
  readonly maxRemembered?: number;
}

export interface ApiTokens extends ApiTokenAuthenticator {
  readonly uses: ApiTokenUses;
  stats(): ApiTokenStats;
  /** Writes when tokens were last used. */
  close(): Promise<void>;
}

interface Known {
  readonly found: FoundApiToken;
  /** Undefined when its tenant is gone. */
  readonly principal: Principal | undefined;
  /** Undefined: from everywhere. */
  readonly allowed: AddressList | undefined;
}

/** Stands for the digest of a token that does not exist, so that it is compared as long. No token has it. */
const NOBODYS_DIGEST = new Uint8Array(32);

export function createApiTokens(lookup: ApiTokenLookup, options: ApiTokensOptions): ApiTokens {
  const { trust, now, monotonic, log, maxRemembered: maxEntries = 10_000 } = options;
  const cache = createApiTokenCache(lookup, { maxEntries, monotonic, prepare });
  const uses = createApiTokenUses(lookup, { now, log });
  let hits = 0;
  const leave = [trust.onChange("api_token", cache.changed), trust.onChange("tenant", cache.tenantChanged)];

  /** @returns why it is not accepted, or the caller, whose use is noted */
  const judge = ({ found, principal, allowed }: Known, peer: Peer): Principal | RefusalReason => {
    const { token } = found;
    if (token.revokedAtMs !== undefined) return "api_token_revoked";
    if (now() >= token.expiresAtMs) return "api_token_expired";
    if (allowed?.has(peer.address) === false) return "api_token_address";
    if (principal === undefined) return "api_token_tenant_gone";
    uses.note(token.keyId, token.tenantId, peer.address);
    return principal;
  };

  return {
    uses,
    stats: () => ({ hits, ...cache.stats() }),
    recall(text, peer) {
      const parsed = parseApiToken(text);
      if (parsed === undefined) return undefined;
      const known = cache.get(parsed.keyId);
      const isGenuine = isOf(known, parsed.proof);
      if (known === undefined || !isGenuine) return undefined;
      const judged = judge(known, peer);
      if (typeof judged === "string") return undefined;
      hits += 1;
      return judged;
    },
    async authenticate(text, peer) {
      const { keyId, proof } = parseApiToken(text) ?? refuse("api_token_malformed");
      const remembered = cache.get(keyId);
      const known = isOf(remembered, proof) ? remembered : await cache.read(keyId);
      // It may have been waited for, and what was known of revocations has grown older meanwhile.
      trust.requireFresh();
      const isGenuine = isOf(known, proof);
      if (known === undefined) refuse("api_token_unknown", keyId);
      if (!isGenuine) refuse("api_token_secret_wrong", keyId);
      const judged = judge(known, peer);
      return typeof judged === "string" ? refuse(judged, `${keyId} from ${shown(peer.address)}`) : judged;
    },
    async close() {
      for (const end of leave) end();
      await uses.close();
    },
  };
}

function isOf(known: Known | undefined, proof: string): boolean {
  return timingSafeEqual(known?.found.digest ?? NOBODYS_DIGEST, digestOfProof(proof));
}

function prepare(found: FoundApiToken): Known {
  const { allowedCidrs } = found.token;
  return {
    found,
    principal: principalOf(found),
    allowed: allowedCidrs.length === 0 ? undefined : createAddressList(allowedCidrs),
  };
}

/** Its rights are its own: what its maker may do today is another matter. */
function principalOf({ token, slug }: FoundApiToken): Principal | undefined {
  if (slug === undefined) return undefined;
  const subject = `api_token:${token.keyId}`;
  return {
    issuer: API_TOKEN_ISSUER,
    subject,
    actor: `${API_TOKEN_ISSUER}|${subject}`,
    credential: subject,
    access: accessOf(token.scopes, token.objects),
    grant: { kind: "tenants", slugs: [slug] },
    ...(token.allowedCidrs.length > 0 && { allowedCidrs: token.allowedCidrs }),
    issuedAtMs: token.createdAtMs,
    expiresAtMs: token.expiresAtMs,
  };
}
