import { RelataError } from "../errors.ts";
import type { Principal } from "../model/principal.ts";
import type { Binding, TrustedIssuer } from "../model/trust.ts";
import { parseBearer } from "./bearer.ts";
import { createBindingIndex, type FindBindings } from "./binding.ts";
import { checkClaims } from "./claims.ts";
import type { Fetch } from "./fetch-json.ts";
import { grantOf } from "./grant.ts";
import type { AuthLog } from "./key-refresh.ts";
import { createKeyLoader } from "./key-source.ts";
import { createIssuerKeys, FILE_KEY_POLICY, type KeyPolicy, REMOTE_KEY_POLICY } from "./keys.ts";
import { parseToken, type UnverifiedToken } from "./token.ts";
import { trustProblems } from "./trust-problems.ts";
import { createVerifiedCache } from "./verified-cache.ts";
import { type KnownIssuer, pickIssuer, verifySignature } from "./verify.ts";

export interface AuthSettings {
  readonly issuers: readonly TrustedIssuer[];
  readonly bindings: readonly Binding[];
  /** Longest token that is looked at, bytes. Default 16384. */
  readonly maxTokenBytes?: number;
  /** Good tokens remembered until they expire. Default 10,000. */
  readonly maxVerifiedTokens?: number;
  /** Overrides of how old keys may get. */
  readonly keyPolicy?: Partial<KeyPolicy>;
}

export interface AuthDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: AuthLog;
  /** Default: the global fetch. */
  readonly fetch?: Fetch;
}

export interface Authenticator {
  /**
   * Proves who calls.
   * @param authorization the header's value, `Bearer <token>`
   * @throws UNAUTHENTICATED with one message for everything refused and the reason (REFUSALS) in `detail`, or
   *   ISSUER_KEYS_UNAVAILABLE when the issuer's keys are out of reach and nothing can be judged
   */
  authenticate(authorization: string | undefined): Promise<Principal>;
  /** The same at once, for what was proved before and is still good; undefined is no refusal: `authenticate` knows. */
  recall(authorization: string | undefined): Principal | undefined;
  /** Fetches every issuer's keys ahead of the first caller. Never rejects; names the issuers that could not be reached. */
  warm(): Promise<readonly string[]>;
  /** Ends fetches under way. */
  close(): void;
}

/** `Bearer` and a space. */
const SCHEME_LENGTH = 7;

/** @throws INVALID_REQUEST that lists every problem, when the settings are unsafe */
export function createAuthenticator(settings: AuthSettings, deps: AuthDeps): Authenticator {
  const problems = trustProblems(settings.issuers, settings.bindings);
  if (problems.length > 0) {
    throw new RelataError(
      "INVALID_REQUEST",
      `the trust settings are not safe to run with:\n- ${problems.join("\n- ")}`,
    );
  }
  const issuers = new Map(settings.issuers.map((trust) => [trust.issuer, knowIssuer(trust, settings, deps)]));
  const findBindings = createBindingIndex(settings.bindings);
  const cache = createVerifiedCache(settings.maxVerifiedTokens ?? 10_000);
  const maxTokenBytes = settings.maxTokenBytes ?? 16_384;

  const recall = (authorization: string | undefined): Principal | undefined => {
    // What was kept had a token within bounds; nothing much longer is worth a digest.
    if (authorization === undefined || authorization.length > maxTokenBytes + SCHEME_LENGTH) return undefined;
    const known = cache.get(authorization, deps.now());
    if (known === undefined || !issuers.get(known.principal.issuer)?.keys.trusts(known.key)) return undefined;
    return known.principal;
  };

  return {
    recall,
    async authenticate(authorization) {
      const known = recall(authorization);
      if (known !== undefined) return known;
      const token = parseToken(parseBearer(authorization, maxTokenBytes));
      const issuer = pickIssuer(token, issuers);
      const key = await verifySignature(token, issuer);
      const principal = principalOf(token, issuer.trust, findBindings, deps.now());
      cache.put(authorization ?? "", { principal, key });
      return principal;
    },
    async warm() {
      const reached = await Promise.all([...issuers.values()].map(({ keys }) => keys.refresh()));
      return [...issuers.keys()].filter((_, at) => reached[at] !== true);
    },
    close() {
      for (const { keys } of issuers.values()) keys.close();
    },
  };
}

function knowIssuer(trust: TrustedIssuer, settings: AuthSettings, deps: AuthDeps): KnownIssuer {
  const load = createKeyLoader(trust, deps.fetch ?? fetch);
  const base = trust.keys.kind === "file" ? FILE_KEY_POLICY : REMOTE_KEY_POLICY;
  const policy = { ...base, ...settings.keyPolicy };
  return { trust, keys: createIssuerKeys(trust, { load, policy, now: deps.now, log: deps.log }) };
}

function principalOf(
  token: UnverifiedToken,
  issuer: TrustedIssuer,
  findBindings: FindBindings,
  nowMs: number,
): Principal {
  const { subject, expiresAtMs } = checkClaims(token.claims, issuer, nowMs);
  const granted = grantOf(issuer, token.claims, subject, findBindings(issuer.issuer, subject));
  return { issuer: issuer.issuer, subject, actor: `${issuer.issuer}|${subject}`, expiresAtMs, ...granted };
}
