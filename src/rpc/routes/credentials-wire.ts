import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  BindingSchema,
  JwtRevocationSchema,
  ObjectLimitSchema,
  ObjectLimit as WireLimit,
} from "../../gen/relata/v1/credential_service_pb.ts";
import type { ObjectLimit } from "../../model/access.ts";
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
