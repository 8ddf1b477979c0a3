import { RelataError } from "../errors.ts";
import type { Peer } from "../model/peer.ts";
import type { Principal } from "../model/principal.ts";
import type { Binding, KeySource, TrustedIssuer } from "../model/trust.ts";
import { EMPTY_TRUST_VIEW, type TrustView } from "../model/trust-view.ts";
import { type ApiTokenAuthenticator, isApiToken } from "./api-token-authenticator.ts";
import { parseBearer } from "./bearer.ts";
import { createBindingIndex } from "./binding.ts";
import { requireCertificate } from "./certificate-binding.ts";
import { checkClaims } from "./claims.ts";
import type { Fetch } from "./fetch-json.ts";
import type { AuthLog } from "./key-refresh.ts";
import { createKeyLoader, type LoadKeys } from "./key-source.ts";
import { createIssuerKeys, FILE_KEY_POLICY, type KeyPolicy, OWN_KEY_POLICY, REMOTE_KEY_POLICY } from "./keys.ts";
import { judge } from "./proof.ts";
import { parseToken } from "./token.ts";
import { trustProblems } from "./trust-problems.ts";
import { createVerifiedCache, type Verified } from "./verified-cache.ts";
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

/** Tokens that relata mints itself: how far they are trusted (KeySource `own`), and where their public keys are. */
export interface OwnIssuer {
  readonly trust: TrustedIssuer;
  readonly load: LoadKeys;
}

export interface AuthDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: AuthLog;
  /** Default: the global fetch. */
  readonly fetch?: Fetch;
  /** Stored bindings and revocations. Default: there are none. */
  readonly trust?: TrustView;
  /** Left out: API tokens are refused like anything else that is no JWT. */
  readonly apiTokens?: ApiTokenAuthenticator;
  readonly ownIssuer?: OwnIssuer;
}

export interface Authenticator {
  /**
   * Proves who calls.
   * @param authorization the header's value, `Bearer <token>`
   * @param peer what the connection proves of the caller
   * @throws UNAUTHENTICATED with one message for everything refused and the reason (REFUSALS) in `detail`; nothing can be
   *   judged, and so nothing is accepted, while an issuer's keys are out of reach (ISSUER_KEYS_UNAVAILABLE) or what has been
   *   revoked is not known (CREDENTIALS_UNCONFIRMED)
   */
  authenticate(authorization: string | undefined, peer: Peer): Promise<Principal>;
  /**
   * The same at once, for what was proved before; undefined is no refusal: `authenticate` knows.
   * @throws as `authenticate`, where what was proved before is refused by now
   */
  recall(authorization: string | undefined, peer: Peer): Principal | undefined;
  /** Fetches every issuer's keys ahead of the first caller. Never rejects; names the issuers that could not be reached. */
  warm(): Promise<readonly string[]>;
  /** The keys of `ownIssuer` have changed: tokens wait until they have been read again. */
  ownKeysChanged(): void;
  /** Ends fetches under way. */
  close(): void;
}

/** `Bearer` and a space. */
const SCHEME_LENGTH = 7;

/** @throws INVALID_REQUEST that lists every problem, when the settings are unsafe */
export function createAuthenticator(settings: AuthSettings, deps: AuthDeps): Authenticator {
  const { now, apiTokens, ownIssuer, trust = EMPTY_TRUST_VIEW } = deps;
  const trusted = ownIssuer === undefined ? settings.issuers : [...settings.issuers, ownIssuer.trust];
  requireSafe(trusted, settings.bindings);
  const issuers = new Map(trusted.map((issuer) => [issuer.issuer, knowIssuer(issuer, settings, deps)]));
  const configured = createBindingIndex(settings.bindings);
  const cache = createVerifiedCache<Verified>(settings.maxVerifiedTokens ?? 10_000);
  const maxTokenBytes = settings.maxTokenBytes ?? 16_384;

  /** By what is known of bindings and revocations at this moment. */
  const current = (known: Verified): Principal => {
    if (known.trustVersion === trust.version) return known.principal;
    const { version } = trust;
    known.principal = judge(known.proof, trust, configured);
    known.trustVersion = version;
    return known.principal;
  };

  const recall = (authorization: string | undefined, peer: Peer): Principal | undefined => {
    if (!isFresh(trust)) return undefined;
    // What was kept had a token within bounds; nothing much longer is worth a digest.
    if (authorization === undefined || authorization.length > maxTokenBytes + SCHEME_LENGTH) return undefined;
    if (apiTokens !== undefined && isApiToken(authorization, SCHEME_LENGTH))
      return apiTokens.recall(parseBearer(authorization, maxTokenBytes), peer);
    const known = cache.get(authorization, now());
    if (known === undefined || !known.issuer.keys.trusts(known.key)) return undefined;
    // The token was proved on one connection, which says nothing of this one.
    if (known.proof.certificate !== undefined) requireCertificate(known.proof.certificate, peer);
    return current(known);
  };

  return {
    recall,
    async authenticate(authorization, peer) {
      await trust.confirm();
      const known = recall(authorization, peer);
      if (known !== undefined) return known;
      const bearer = parseBearer(authorization, maxTokenBytes);
      if (apiTokens !== undefined && isApiToken(bearer)) return apiTokens.authenticate(bearer, peer);
      const token = parseToken(bearer);
      const issuer = pickIssuer(token, issuers);
      const key = await verifySignature(token, issuer);
      // Keys may have been waited for, and what was known of revocations has grown older meanwhile.
      trust.requireFresh();
      const proof = checkClaims(token.claims, issuer.trust, now(), peer);
      const { version } = trust;
      const principal = judge(proof, trust, configured);
      cache.put(authorization ?? "", { issuer, key, proof, principal, trustVersion: version });
      return principal;
    },
    async warm() {
      const reached = await Promise.all([...issuers.values()].map(({ keys }) => keys.refresh()));
      return [...issuers.keys()].filter((_, at) => reached[at] !== true);
    },
    ownKeysChanged() {
      if (ownIssuer !== undefined) issuers.get(ownIssuer.trust.issuer)?.keys.changed();
    },
    close() {
      for (const { keys } of issuers.values()) keys.close();
    },
  };
}

/** Nobody is recalled by what may be out of date: `authenticate` waits for news first. */
function isFresh(trust: TrustView): boolean {
  try {
    trust.requireFresh();
    return true;
  } catch {
    return false;
  }
}

function requireSafe(issuers: readonly TrustedIssuer[], bindings: readonly Binding[]): void {
  const problems = trustProblems(issuers, bindings);
  if (problems.length === 0) return;
  throw new RelataError("INVALID_REQUEST", `the trust settings are not safe to run with:\n- ${problems.join("\n- ")}`);
}

const POLICIES = {
  discovery: REMOTE_KEY_POLICY,
  jwks: REMOTE_KEY_POLICY,
  file: FILE_KEY_POLICY,
  own: OWN_KEY_POLICY,
} as const satisfies Record<KeySource["kind"], KeyPolicy>;

function knowIssuer(trust: TrustedIssuer, settings: AuthSettings, deps: AuthDeps): KnownIssuer {
  const { now, log, ownIssuer } = deps;
  const load = trust === ownIssuer?.trust ? ownIssuer.load : createKeyLoader(trust, deps.fetch ?? fetch);
  const policy = { ...POLICIES[trust.keys.kind], ...settings.keyPolicy };
  return { trust, keys: createIssuerKeys(trust, { load, policy, now, log }) };
}
