import type { Binding } from "../model/trust.ts";
import { type BindingKey, bindingKeyText, type StoredBinding, type StoredRevocation } from "../model/trust-store.ts";
import type { RevocableClaims, TrustView } from "../model/trust-view.ts";
import { createBindingIndex, type FindBindings } from "./binding.ts";

/** Bindings and live revocations, as they are looked at on every call. */
export interface TrustState extends Pick<TrustView, "version" | "bindings" | "isRevoked"> {
  replace(bindings: readonly StoredBinding[], revocations: readonly StoredRevocation[]): void;
  /** What is there now of these keys; those that are not found are gone. */
  putBindings(keys: readonly string[], found: readonly StoredBinding[]): void;
  putRevocations(found: readonly StoredRevocation[]): void;
  /** Keys of the bindings that name one of these tenants. */
  bindingsOfTenants(ids: ReadonlySet<string>): readonly BindingKey[];
  /** Revocations that can name no unexpired token any more. */
  forgetObsolete(nowMs: number): void;
  sizes(): { readonly bindings: number; readonly revocations: number };
}

interface OfIssuer {
  /** Obsolete at, by `jti`. */
  readonly tokens: Map<string, number>;
  /** By subject: whatever was issued before is revoked. */
  readonly subjects: Map<string, { readonly issuedBeforeMs: number; readonly obsoleteAtMs: number }>;
}

/** How often memory is gone through for what is obsolete. */
const FORGET_EVERY_MS = 60_000;

export function createTrustState(): TrustState {
  let version = 0;
  let byKey = new Map<string, StoredBinding>();
  let find: FindBindings = () => [];
  let revoked = new Map<string, OfIssuer>();
  let forgotAtMs = Number.NEGATIVE_INFINITY;

  const reindex = () => {
    version += 1;
    find = createBindingIndex([...byKey.values()].flatMap(asBinding));
  };

  return {
    get version() {
      return version;
    },
    bindings: (issuer, subject) => find(issuer, subject),
    isRevoked: (claims) => isRevoked(revoked.get(claims.issuer), claims),
    replace(bindings, revocations) {
      byKey = new Map(bindings.map((binding) => [bindingKeyText(binding.key), binding]));
      revoked = new Map();
      for (const revocation of revocations) addRevocation(revoked, revocation);
      reindex();
    },
    putBindings(keys, found) {
      if (keys.length === 0) return;
      for (const key of keys) byKey.delete(key);
      for (const binding of found) byKey.set(bindingKeyText(binding.key), binding);
      reindex();
    },
    putRevocations(found) {
      if (found.length === 0) return;
      version += 1;
      for (const revocation of found) addRevocation(revoked, revocation);
    },
    bindingsOfTenants: (ids) =>
      [...byKey.values()].filter(({ tenantIds }) => tenantIds.some((id) => ids.has(id))).map(({ key }) => key),
    forgetObsolete(nowMs) {
      if (nowMs < forgotAtMs + FORGET_EVERY_MS && nowMs >= forgotAtMs) return;
      forgotAtMs = nowMs;
      forget(revoked, nowMs);
    },
    sizes: () => ({
      bindings: byKey.size,
      revocations: [...revoked.values()].reduce((sum, { tokens, subjects }) => sum + tokens.size + subjects.size, 0),
    }),
  };
}

/** One whose tenants are all gone binds to nothing; so does one that names none and is not of the platform. */
function asBinding({ key, tenants, platform, scopes, objects }: StoredBinding): readonly Binding[] {
  if (!platform && tenants.length === 0) return [];
  const { issuer, subject } = key;
  return [{ issuer, subject, tenants, platform, scopes, ...(objects.length === 0 ? {} : { objects }) }];
}

function isRevoked(of: OfIssuer | undefined, { tokenId, subject, issuedAtMs }: RevocableClaims): boolean {
  if (of === undefined) return false;
  if (tokenId !== undefined && of.tokens.has(tokenId)) return true;
  const before = of.subjects.get(subject)?.issuedBeforeMs;
  return before !== undefined && issuedAtMs < before;
}

function addRevocation(revoked: Map<string, OfIssuer>, { issuer, what, obsoleteAtMs }: StoredRevocation): void {
  const of = revoked.get(issuer) ?? { tokens: new Map(), subjects: new Map() };
  revoked.set(issuer, of);
  if (what.kind === "token") {
    of.tokens.set(what.tokenId, Math.max(obsoleteAtMs, of.tokens.get(what.tokenId) ?? 0));
    return;
  }
  const { subject, issuedBeforeMs } = what;
  const known = of.subjects.get(subject);
  // Two of one subject: the later instant covers the earlier one.
  of.subjects.set(subject, {
    issuedBeforeMs: Math.max(issuedBeforeMs, known?.issuedBeforeMs ?? 0),
    obsoleteAtMs: Math.max(obsoleteAtMs, known?.obsoleteAtMs ?? 0),
  });
}

function forget(revoked: Map<string, OfIssuer>, nowMs: number): void {
  for (const [issuer, { tokens, subjects }] of revoked) {
    for (const [id, obsoleteAtMs] of tokens) if (obsoleteAtMs <= nowMs) tokens.delete(id);
    for (const [subject, { obsoleteAtMs }] of subjects) if (obsoleteAtMs <= nowMs) subjects.delete(subject);
    if (tokens.size + subjects.size === 0) revoked.delete(issuer);
  }
}
