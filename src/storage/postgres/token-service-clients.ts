import { sql } from "kysely";
import type { ObjectLimit } from "../../model/access.ts";
import type { Scope } from "../../model/scope.ts";
import type { ClientProof, ClientSecret, GrantType, OAuthClient, SecretDigest } from "../../model/token-service.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";

export interface ClientRow {
  readonly client_id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly objects: string;
  readonly created_at_ms: number;
  readonly created_by: string;
}

export interface SecretRow {
  readonly client_id: string;
  readonly key_id: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
}

const CLIENT_COLUMNS = sql`c.client_id, c.tenant_id, c.name, c.grants, c.scopes, c.objects,
  ${epochMs("c.created_at")} AS created_at_ms, c.created_by`;

/** LIMIT keeps the planner from turning the join round. The one with the secret, and what the secret is compared with. */
export const clientBySecret = statement<{ keyId: string }>()("client_by_secret", (arg) =>
  sql<ClientRow & SecretRow & { readonly secret_sha256: string; readonly secret_created_at_ms: number }>`
    SELECT ${CLIENT_COLUMNS}, s.key_id, s.secret_sha256, ${epochMs("s.created_at")} AS secret_created_at_ms,
      ${epochMs("s.expires_at")} AS expires_at_ms
    FROM relata.oauth_client_secret s
    CROSS JOIN LATERAL (SELECT * FROM relata.oauth_client
      WHERE client_id = s.client_id AND tenant_id = s.tenant_id LIMIT 1) c
    WHERE s.key_id = ${arg("keyId")}`.compile(sqlBuilder),
);

export const clientById = statement<{ tenantId: string; clientId: string }>()("client_by_id", (arg) =>
  sql<ClientRow>`SELECT ${CLIENT_COLUMNS} FROM relata.oauth_client c
    WHERE c.tenant_id = ${arg("tenantId")} AND c.client_id = ${arg("clientId")}`.compile(sqlBuilder),
);

export const clientPage = statement<{ tenantId: string; after: string; limit: number }>()("client_page", (arg) =>
  sql<ClientRow>`SELECT ${CLIENT_COLUMNS} FROM relata.oauth_client c
    WHERE c.tenant_id = ${arg("tenantId")} AND c.client_id > ${arg("after")}
    ORDER BY c.client_id LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

export const clientSecrets = statement<{ tenantId: string; after: string; upTo: string }>()("client_secrets", (arg) =>
  sql<SecretRow>`SELECT client_id, key_id, ${epochMs("created_at")} AS created_at_ms,
      ${epochMs("expires_at")} AS expires_at_ms
    FROM relata.oauth_client_secret
    WHERE tenant_id = ${arg("tenantId")} AND client_id >= ${arg("after")} AND client_id <= ${arg("upTo")}
    ORDER BY client_id, created_at`.compile(sqlBuilder),
);

/** No row where there are none. */
export const countClients = statement<{ tenantId: string; limit: number }>()("count_clients", (arg) =>
  sql<{ readonly count: number }>`SELECT count(*)::int AS count FROM (
    SELECT FROM relata.oauth_client WHERE tenant_id = ${arg("tenantId")} LIMIT ${arg("limit")}) AS counted
    HAVING count(*) > 0`.compile(sqlBuilder),
);

interface NewClient {
  readonly clientId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly objects: string;
  readonly createdAt: string;
  readonly createdBy: string;
}

const insertClient = statement<NewClient>()("insert_client", (arg) =>
  sql`INSERT INTO relata.oauth_client (client_id, tenant_id, name, grants, scopes, objects, created_at, created_by)
    VALUES (${arg("clientId")}, ${arg("tenantId")}, ${arg("name")}, ${arg("grants")}, ${arg("scopes")}, ${arg("objects")},
      ${arg("createdAt")}::timestamptz, ${arg("createdBy")})`.compile(sqlBuilder),
);

interface NewSecret {
  readonly keyId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly sha256: string;
  readonly createdAt: string;
}

const insertSecret = statement<NewSecret>()("insert_client_secret", (arg) =>
  sql`INSERT INTO relata.oauth_client_secret (key_id, tenant_id, client_id, secret_sha256, created_at)
    VALUES (${arg("keyId")}, ${arg("tenantId")}, ${arg("clientId")}, ${arg("sha256")}, ${arg("createdAt")}::timestamptz)`.compile(
    sqlBuilder,
  ),
);

const endOldSecrets = statement<{ tenantId: string; clientId: string; keyId: string; end: string }>()(
  "end_old_client_secrets",
  (arg) =>
    sql`UPDATE relata.oauth_client_secret SET expires_at = least(expires_at, ${arg("end")}::timestamptz)
      WHERE tenant_id = ${arg("tenantId")} AND client_id = ${arg("clientId")} AND key_id <> ${arg("keyId")}`.compile(
      sqlBuilder,
    ),
);

const dropEndedSecrets = statement<{ tenantId: string; clientId: string; now: string }>()(
  "drop_ended_client_secrets",
  (arg) =>
    sql`DELETE FROM relata.oauth_client_secret
      WHERE tenant_id = ${arg("tenantId")} AND client_id = ${arg("clientId")} AND expires_at <= ${arg("now")}::timestamptz`.compile(
      sqlBuilder,
    ),
);

const deleteSecrets = statement<{ tenantId: string; clientId: string }>()("delete_client_secrets", (arg) =>
  sql`DELETE FROM relata.oauth_client_secret
    WHERE tenant_id = ${arg("tenantId")} AND client_id = ${arg("clientId")}`.compile(sqlBuilder),
);

const deleteClient = statement<{ tenantId: string; clientId: string }>()("delete_client", (arg) =>
  sql`DELETE FROM relata.oauth_client
    WHERE tenant_id = ${arg("tenantId")} AND client_id = ${arg("clientId")}`.compile(sqlBuilder),
);

export function createClientStatements(client: OAuthClient, secret: SecretDigest): readonly Bound[] {
  const { clientId, tenantId, name, grants, scopes, objects, createdBy } = client;
  const createdAt = timestamp(client.createdAtMs);
  return [
    insertClient({ clientId, tenantId, name, grants, scopes, objects: JSON.stringify(objects), createdAt, createdBy }),
    insertSecret({ ...secret, tenantId, clientId, createdAt }),
  ];
}

export interface SecretChange {
  readonly tenantId: string;
  readonly clientId: string;
  readonly secret: SecretDigest;
  readonly createdAtMs: number;
  readonly oldEndMs: number;
}

export function rotateSecretStatements(change: SecretChange): readonly Bound[] {
  const { tenantId, clientId, secret, createdAtMs, oldEndMs } = change;
  const createdAt = timestamp(createdAtMs);
  return [
    insertSecret({ ...secret, tenantId, clientId, createdAt }),
    endOldSecrets({ tenantId, clientId, keyId: secret.keyId, end: timestamp(oldEndMs) }),
    dropEndedSecrets({ tenantId, clientId, now: createdAt }),
  ];
}

export function deleteClientStatements(tenantId: string, clientId: string): readonly Bound[] {
  return [deleteSecrets({ tenantId, clientId }), deleteClient({ tenantId, clientId })];
}

export function toClient(row: ClientRow, secrets: readonly SecretRow[]): OAuthClient {
  return {
    clientId: row.client_id,
    tenantId: row.tenant_id,
    name: row.name,
    grants: row.grants as readonly GrantType[],
    scopes: row.scopes as readonly Scope[],
    objects: JSON.parse(row.objects) as readonly ObjectLimit[],
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    secrets: secrets.filter((secret) => secret.client_id === row.client_id).map(toSecret),
  };
}

function toSecret({ key_id: keyId, created_at_ms: createdAtMs, expires_at_ms: expiresAtMs }: SecretRow): ClientSecret {
  return { keyId, createdAtMs, expiresAtMs: expiresAtMs ?? undefined };
}

type ProofRow = ClientRow & SecretRow & { readonly secret_sha256: string; readonly secret_created_at_ms: number };

export function toProof(row: ProofRow): ClientProof {
  const secret = { ...row, created_at_ms: row.secret_created_at_ms };
  const client = toClient(row, [secret]);
  return { client, sha256: row.secret_sha256, expiresAtMs: row.expires_at_ms ?? undefined };
}
