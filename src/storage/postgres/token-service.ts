import { RelataError } from "../../errors.ts";
import { type AuditDraft, PLATFORM_CHAIN } from "../../model/audit.ts";
import type {
  AddSigningKey,
  ClientPage,
  OAuthClient,
  OwnRevocation,
  RefreshDigest,
  RefreshRotation,
  SecretRotation,
  StoredSigningKey,
  TokenServiceStore,
} from "../../model/token-service.ts";
import { appendEvents, type LockedChain, lockChain } from "./audit-append.ts";
import type { Reader } from "./read-lanes.ts";
import type { Scope } from "./scope.ts";
import type { Sessions } from "./sessions.ts";
import type { Bound } from "./statement.ts";
import {
  clientById,
  clientBySecret,
  clientPage,
  clientSecrets,
  countClients,
  createClientStatements,
  deleteClientStatements,
  rotateSecretStatements,
  type SecretRow,
  toClient,
  toProof,
} from "./token-service-clients.ts";
import { addKeyStatements, signingKeys, toSigningKey } from "./token-service-keys.ts";
import {
  lockFamiliesOfClient,
  lockFamily,
  newFamilyStatements,
  refreshToken,
  revokeFamilyStatement,
  revokeOfClientStatement,
  rotateTokenStatements,
  toFoundToken,
} from "./token-service-refresh.ts";
import { bumpTrust } from "./trust-change.ts";
import { revokeTokenStatements } from "./trust-revocations.ts";

export interface TokenServiceParts {
  readonly lanes: Reader;
  readonly sessions: Sessions;
  /** Tells the other processes that the log of trust has grown. */
  readonly announce: () => void;
}

export function createTokenServiceStore(parts: TokenServiceParts): TokenServiceStore {
  const { lanes, sessions } = parts;
  return {
    async signingKeys() {
      const [rows] = await lanes.read({ kind: "trust" }, [signingKeys()]);
      return rows.map(toSigningKey);
    },
    addSigningKey: (key, how, draft) => addSigningKey(parts, key, how, draft),
    async clientBySecret(keyId) {
      const [[row]] = await lanes.read({ kind: "trust" }, [clientBySecret({ keyId })]);
      return row && toProof(row);
    },
    createClient: (client, secret, { max }, draft) =>
      sessions.transact(tenant(client.tenantId), async (transaction) => {
        const { tenantId } = client;
        const [chain, [count]] = await transaction.begin([
          lockChain(tenantId),
          countClients({ tenantId, limit: max + 1 }),
        ]);
        if ((count?.count ?? 0) >= max) throw tooManyClients(max);
        await transaction.commit([...createClientStatements(client, secret), ...appendEvents(chain, [draft])]);
      }),
    listClients: (tenantId, page) => listClients(lanes, tenantId, page),
    rotateSecret: (tenantId, change, draft) => rotateSecret(parts, tenantId, change, draft),
    deleteClient: (tenantId, clientId, revocation, draft) =>
      revokeWith(parts, tenantId, revocation, draft, {
        locks: [clientById({ tenantId, clientId }), lockFamiliesOfClient({ tenantId, clientId })],
        missing: clientNotFound,
        statements: (nowMs) => [
          revokeOfClientStatement(tenantId, clientId, nowMs),
          ...deleteClientStatements(tenantId, clientId),
        ],
      }),
    issue: (tenantId, family, draft) =>
      sessions.transact(tenant(tenantId), async (transaction) => {
        const [chain] = await transaction.begin([lockChain(tenantId)]);
        const kept = family === undefined ? [] : newFamilyStatements(tenantId, family);
        await transaction.commit([...kept, ...appendEvents(chain, [draft])]);
      }),
    async findRefreshToken(tenantId, digest) {
      const [[row]] = await lanes.read(tenant(tenantId), [refreshToken({ tenantId, ...digest })]);
      return toFoundToken(row);
    },
    rotateRefreshToken: (tenantId, change) => rotateRefreshToken(parts, tenantId, change),
    revokeFamily: (tenantId, familyId, revocation, draft) =>
      revokeWith(parts, tenantId, revocation, draft, {
        locks: [lockFamily({ tenantId, familyId })],
        statements: (nowMs) => [revokeFamilyStatement(tenantId, familyId, nowMs)],
      }),
    revokeAccessToken: (tenantId, revocation, draft) => revokeWith(parts, tenantId, revocation, draft, {}),
  };
}

function tenant(tenantId: string): Scope {
  return { kind: "tenant", tenantId };
}

/** Signing keys are the platform's: the lock of its chain also makes the first key the only first one. */
async function addSigningKey(
  { sessions, announce }: TokenServiceParts,
  key: StoredSigningKey,
  how: AddSigningKey,
  draft: AuditDraft,
): Promise<boolean> {
  const added = await sessions.transact({ kind: "registry" }, async (transaction) => {
    const [chain, known] = await transaction.begin([lockChain(PLATFORM_CHAIN), signingKeys()]);
    if (how.onlyFirst && known.length > 0) return false;
    await transaction.commit([
      ...addKeyStatements(key, how),
      ...appendEvents(chain, [draft]),
      bumpTrust("signing_key", key.kid),
    ]);
    return true;
  });
  if (added) announce();
  return added;
}

async function listClients(
  lanes: Reader,
  tenantId: string,
  { afterClientId, limit }: ClientPage,
): Promise<readonly OAuthClient[]> {
  const scope = tenant(tenantId);
  const [rows] = await lanes.read(scope, [clientPage({ tenantId, after: afterClientId, limit })]);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const range = { tenantId, after: first.client_id, upTo: last.client_id };
  const [secrets] = await lanes.read(scope, [clientSecrets(range)]);
  return rows.map((row) => toClient(row, secrets));
}

function rotateSecret(
  { sessions }: TokenServiceParts,
  tenantId: string,
  change: SecretRotation,
  draft: AuditDraft,
): Promise<OAuthClient> {
  const { clientId } = change;
  return sessions.transact(tenant(tenantId), async (transaction) => {
    const secrets = clientSecrets({ tenantId, after: clientId, upTo: clientId });
    const [chain, [row], known] = await transaction.begin([
      lockChain(tenantId),
      clientById({ tenantId, clientId }),
      secrets,
    ]);
    if (row === undefined) throw clientNotFound();
    change.require(toClient(row, known));
    const rotation = rotateSecretStatements({ ...change, tenantId });
    const [rows] = await transaction
      .commit([...rotation, ...appendEvents(chain, [draft]), secrets])
      .then((answers) => answers.slice(-1));
    return toClient(row, rows as readonly SecretRow[]);
  });
}

interface RevokedWith {
  /** Before the chain is locked: the first must find a row where `missing` says what else to throw. */
  readonly locks?: readonly Bound[];
  readonly missing?: () => RelataError;
  readonly statements?: (nowMs: number) => readonly Bound[];
}

/**
 * Access tokens are refused by the feed of revocations, and what else is to end ends in the same transaction. Locks are taken
 * in the order of rotateRefreshToken: families, chain, head of the feed.
 */
async function revokeWith(
  { sessions, announce }: TokenServiceParts,
  tenantId: string,
  revocation: OwnRevocation,
  draft: AuditDraft,
  { locks = [], missing, statements = () => [] }: RevokedWith,
): Promise<void> {
  await sessions.transact({ kind: "registry", tenantId }, async (transaction) => {
    const [chain, found] = await transaction
      .begin([...locks, lockChain(tenantId)])
      .then((answers) => [answers.at(-1) as readonly LockedChain[], answers[0]] as const);
    if (missing !== undefined && found?.length === 0) throw missing();
    await transaction.commit([
      ...statements(chain[0]?.now_ms ?? Number.NaN),
      ...appendEvents(chain, [draft]),
      ...revokeTokenStatements(revocation, draft.origin),
    ]);
  });
  announce();
}

/** What is known of a token is read again under the family's lock: who waited there sees it used. */
async function rotateRefreshToken(
  { sessions, announce }: TokenServiceParts,
  tenantId: string,
  { shown, nextSha256, nowMs, revocation, issued, reused }: RefreshRotation,
): Promise<"rotated" | "reused" | "unknown"> {
  const digest: RefreshDigest & { readonly tenantId: string } = { tenantId, ...shown };
  const { familyId } = shown;
  const outcome = await sessions.transact({ kind: "registry", tenantId }, async (transaction) => {
    const [, [row], chain] = await transaction.begin([
      lockFamily({ tenantId, familyId }),
      refreshToken(digest),
      lockChain(tenantId),
    ]);
    const found = toFoundToken(row);
    if (found.kind === "current") {
      await transaction.commit([...rotateTokenStatements(digest, nextSha256, nowMs), ...appendEvents(chain, [issued])]);
      return "rotated";
    }
    if (found.kind === "unknown") return "unknown";
    await transaction.commit([
      revokeFamilyStatement(tenantId, familyId, nowMs),
      ...appendEvents(chain, [reused]),
      ...revokeTokenStatements(revocation, reused.origin),
    ]);
    return "reused";
  });
  if (outcome === "reused") announce();
  return outcome;
}

function clientNotFound(): RelataError {
  return new RelataError("CLIENT_NOT_FOUND", "this tenant has no client of that id");
}

function tooManyClients(max: number): RelataError {
  return new RelataError(
    "TOO_MANY_CREDENTIALS",
    `this tenant has ${max} clients already, and may have no more: delete one that is not used`,
  );
}
