import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import {
  type ApiTokenPolicySchema,
  type ApiTokenSchema,
  ApiTokenState,
  type BindingSchema,
  type JwtRevocationSchema,
  type ObjectLimitSchema,
  type ObjectLimit as WireLimit,
  type ApiTokenPolicy as WirePolicy,
} from "../../gen/relata/v1/credential_service_pb.ts";
import type { ObjectLimit } from "../../model/access.ts";
import { type ApiTokenPolicy, apiTokenState, type StoredApiToken } from "../../model/api-token.ts";
import { SCOPES, type Scope } from "../../model/scope.ts";
import type { StoredBinding, StoredRevocation } from "../../model/trust-store.ts";
import { badField, requireRelationName, requireTypeName } from "../wire-fields.ts";
import { writeTimestamp } from "../wire-values.ts";

const KNOWN_SCOPES: ReadonlySet<string> = new Set(SCOPES);

/** A list in a credential is short: more than this says something else. */
const MAX_LIMITS = 100;

/** In one order and each once, however they were sent. */
export function readScopes(words: readonly string[], field: string): readonly Scope[] {
  const unknown = words.findIndex((word) => !KNOWN_SCOPES.has(word));
  if (unknown >= 0)
    throw badField("INVALID_REQUEST", `${field}[${unknown}]`, `is no scope; there are: ${SCOPES.join(", ")}`);
  return SCOPES.filter((scope) => words.includes(scope));
}

export function readLimits(limits: readonly WireLimit[], field: string): readonly ObjectLimit[] {
  if (limits.length > MAX_LIMITS) throw badField("INVALID_REQUEST", field, `has more than ${MAX_LIMITS} entries`);
  return limits.map(({ type, relations }, at) => {
    const path = `${field}[${at}]`;
    if (relations.length > MAX_LIMITS)
      throw badField("INVALID_REQUEST", `${path}.relations`, `has more than ${MAX_LIMITS} entries`);
    const names = relations.map((name, index) =>
      requireRelationName(name, `${path}.relations[${index}]`, "INVALID_REQUEST"),
    );
    return {
      type: requireTypeName(type, `${path}.type`, "INVALID_REQUEST"),
      ...(names.length > 0 && { relations: names }),
    };
  });
}

export function writeLimits(limits: readonly ObjectLimit[]): MessageInitShape<typeof ObjectLimitSchema>[] {
  return limits.map(({ type, relations = [] }) => ({ type, relations: [...relations] }));
}

export function writeBinding({ key, tenants, platform, scopes, objects, ...updated }: StoredBinding) {
  return {
    ...key,
    tenants: [...tenants],
    platform,
    scopes: [...scopes],
    objects: writeLimits(objects),
    updatedAt: writeTimestamp(updated.updatedAtMs),
    updatedBy: updated.updatedBy,
  } satisfies MessageInitShape<typeof BindingSchema>;
}

const STATES = {
  active: ApiTokenState.ACTIVE,
  expired: ApiTokenState.EXPIRED,
  revoked: ApiTokenState.REVOKED,
} as const satisfies Record<ReturnType<typeof apiTokenState>, ApiTokenState>;

export function writeApiToken(token: StoredApiToken, nowMs: number) {
  const { revokedAtMs, lastUsedAtMs, lastUsedFrom = "", rotatedFrom = "" } = token;
  return {
    keyId: token.keyId,
    name: token.name,
    scopes: [...token.scopes],
    objects: writeLimits(token.objects),
    allowedCidrs: [...token.allowedCidrs],
    createdAt: writeTimestamp(token.createdAtMs),
    createdBy: token.createdBy,
    expiresAt: writeTimestamp(token.expiresAtMs),
    ...(revokedAtMs !== undefined && { revokedAt: writeTimestamp(revokedAtMs) }),
    ...(lastUsedAtMs !== undefined && { lastUsedAt: writeTimestamp(lastUsedAtMs) }),
    lastUsedFrom,
    rotatedFrom,
    state: STATES[apiTokenState(token, nowMs)],
  } satisfies MessageInitShape<typeof ApiTokenSchema>;
}

export function readPolicy(policy: WirePolicy | undefined): ApiTokenPolicy {
  if (policy === undefined) throw badField("INVALID_REQUEST", "policy", "is missing");
  const { defaultLifetime, maxLifetime, maxActive } = policy;
  return {
    defaultLifetimeMs: requireDuration(defaultLifetime, "policy.default_lifetime"),
    maxLifetimeMs: requireDuration(maxLifetime, "policy.max_lifetime"),
    maxActive,
  };
}

export function writePolicy({ defaultLifetimeMs, maxLifetimeMs, maxActive }: ApiTokenPolicy) {
  return {
    defaultLifetime: durationFromMs(defaultLifetimeMs),
    maxLifetime: durationFromMs(maxLifetimeMs),
    maxActive,
  } satisfies MessageInitShape<typeof ApiTokenPolicySchema>;
}

/** The most that protobuf allows, 10,000 years: what makes sense is for the verbs to say. */
const MAX_SECONDS = 315_576_000_000n;

/** Milliseconds, not below 0; undefined when it was left out. */
export function readDuration(duration: Duration | undefined, field: string): number | undefined {
  if (duration === undefined) return undefined;
  const { seconds, nanos } = duration;
  if (seconds < 0n || seconds > MAX_SECONDS || nanos < 0 || nanos > 999_999_999)
    throw badField("INVALID_REQUEST", field, "must be a duration that is not negative");
  return Math.floor(durationMs(duration));
}

function requireDuration(duration: Duration | undefined, field: string): number {
  const ms = readDuration(duration, field);
  if (ms === undefined) throw badField("INVALID_REQUEST", field, "is missing");
  return ms;
}

export function writeRevocation({ what, ...revocation }: StoredRevocation) {
  const { id, issuer, createdBy, reason, createdAtMs, obsoleteAtMs } = revocation;
  const of =
    what.kind === "token"
      ? { what: { case: "tokenId" as const, value: what.tokenId } }
      : {
          what: { case: "subject" as const, value: what.subject },
          issuedBefore: writeTimestamp(what.issuedBeforeMs),
        };
  return {
    id,
    issuer,
    ...of,
    createdBy,
    reason,
    createdAt: writeTimestamp(createdAtMs),
    obsoleteAt: writeTimestamp(obsoleteAtMs),
  } satisfies MessageInitShape<typeof JwtRevocationSchema>;
}
