import { RelataError } from "../../errors.ts";
import {
  type ApiTokenFacts,
  type ApiTokenPage,
  type ApiTokenPolicy,
  type ApiTokenStore,
  DEFAULT_API_TOKEN_POLICY,
  type NewApiToken,
  type StoredApiToken,
} from "../../model/api-token.ts";
import {
  countActive,
  endApiToken,
  insertApiToken,
  readApiToken,
  readPage,
  readPageOfActive,
  readPolicy,
  revokeApiToken,
  type SelectedApiToken,
  type SelectedPolicy,
  toApiToken,
  writePolicy,
} from "./api-token-statements.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import type { Sessions } from "./sessions.ts";
import { timestamp } from "./statement.ts";
import { bumpTrust } from "./trust-change.ts";

/**
 * The lock of the tenant's chain comes first: one change of its tokens at a time, so that what was counted stays so.
 * @param announce tells the other processes, once the change is committed
 */
export function createApiTokenStore(sessions: Sessions, announce: () => void): ApiTokenStore {
  const scope = (tenantId: string) => ({ kind: "tenant", tenantId }) as const;
  const facts = (tenantId: string, nowMs: number) =>
    [readPolicy({ tenantId }), countActive({ tenantId, now: timestamp(nowMs) })] as const;

  return {
    async create(tenantId, nowMs, plan) {
      const stored = await sessions.transact(scope(tenantId), async (transaction) => {
        const [chain, ...found] = await transaction.begin([lockChain(tenantId), ...facts(tenantId, nowMs)] as const);
        const { token, draft } = plan(toFacts(...found));
        await transaction.commit([insert(token), ...appendEvents(chain, [draft]), bumpTrust("api_token", token.keyId)]);
        return withoutDigest(token);
      });
      announce();
      return stored;
    },
    async rotate(tenantId, keyId, nowMs, plan) {
      const rotated = await sessions.transact(scope(tenantId), async (transaction) => {
        const [chain, [row], ...found] = await transaction.begin([
          lockChain(tenantId),
          readApiToken({ tenantId, keyId }),
          ...facts(tenantId, nowMs),
        ] as const);
        const previous = requireFound(row);
        const { token, previousExpiresAtMs, draft } = plan(previous, toFacts(...found));
        await transaction.commit([
          insert(token),
          endApiToken({ tenantId, keyId, expiresAt: timestamp(previousExpiresAtMs) }),
          ...appendEvents(chain, [draft]),
          bumpTrust("api_token", keyId),
        ]);
        return { token: withoutDigest(token), previous: { ...previous, expiresAtMs: previousExpiresAtMs } };
      });
      announce();
      return rotated;
    },
    async revoke(tenantId, keyId, nowMs, draft) {
      const revoked = await sessions.transact(scope(tenantId), async (transaction) => {
        const [chain, [row]] = await transaction.begin([lockChain(tenantId), readApiToken({ tenantId, keyId })]);
        const token = requireFound(row);
        if (token.revokedAtMs !== undefined) return token;
        await transaction.commit([
          revokeApiToken({ tenantId, keyId, revokedAt: timestamp(nowMs), actor: draft.origin.actor }),
          ...appendEvents(chain, [draft]),
          bumpTrust("api_token", keyId),
        ]);
        return { ...token, revokedAtMs: nowMs };
      });
      announce();
      return revoked;
    },
    async list(tenantId, page) {
      const [rows] = await sessions.read(scope(tenantId), [pageOf(tenantId, page)]);
      return rows.map(toApiToken);
    },
    async policy(tenantId) {
      const [rows] = await sessions.read(scope(tenantId), [readPolicy({ tenantId })]);
      return toPolicy(rows);
    },
    async setPolicy(tenantId, policy, draft) {
      await sessions.transact(scope(tenantId), async (transaction) => {
        const [chain] = await transaction.begin([lockChain(tenantId)]);
        const { actor } = draft.origin;
        await transaction.commit([writePolicy({ tenantId, ...policy, actor }), ...appendEvents(chain, [draft])]);
      });
    },
  };
}

function insert({ digest, ...token }: NewApiToken) {
  return insertApiToken({
    keyId: token.keyId,
    tenantId: token.tenantId,
    name: token.name,
    scopes: token.scopes,
    objects: JSON.stringify(token.objects),
    allowedCidrs: token.allowedCidrs,
    digest,
    createdAt: timestamp(token.createdAtMs),
    createdBy: token.createdBy,
    expiresAt: timestamp(token.expiresAtMs),
    rotatedFrom: token.rotatedFrom ?? null,
  });
}

/** Newer than every token there is. */
const FROM_THE_NEWEST = { createdAt: "infinity", keyId: "" } as const;

function pageOf(tenantId: string, { nowMs, includeInactive, after, limit }: ApiTokenPage) {
  const place = after === undefined ? FROM_THE_NEWEST : { createdAt: timestamp(after.createdAtMs), keyId: after.keyId };
  if (includeInactive) return readPage({ tenantId, ...place, limit });
  return readPageOfActive({ tenantId, ...place, limit, now: timestamp(nowMs) });
}

function toFacts(policy: readonly SelectedPolicy[], counted: readonly { readonly active: number }[]): ApiTokenFacts {
  return { policy: toPolicy(policy), active: counted[0]?.active ?? 0 };
}

function toPolicy([row]: readonly SelectedPolicy[]): ApiTokenPolicy {
  if (row === undefined) return DEFAULT_API_TOKEN_POLICY;
  return {
    defaultLifetimeMs: row.default_lifetime_ms,
    maxLifetimeMs: row.max_lifetime_ms,
    maxActive: row.max_active,
  };
}

function withoutDigest({ digest: _, ...token }: NewApiToken): StoredApiToken {
  return token;
}

/** @throws API_TOKEN_NOT_FOUND, also for one of another tenant */
function requireFound(row: SelectedApiToken | undefined): StoredApiToken {
  if (row === undefined) throw new RelataError("API_TOKEN_NOT_FOUND", "This tenant has no API token of that key id.");
  return toApiToken(row);
}
