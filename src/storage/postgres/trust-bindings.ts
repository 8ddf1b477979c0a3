import { sql } from "kysely";
import { RelataError } from "../../errors.ts";
import type { ObjectLimit } from "../../model/access.ts";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import { SCOPES, type Scope } from "../../model/scope.ts";
import {
  type BindingKey,
  type BindingPage,
  type BindingStore,
  bindingKeyText,
  type StoredBinding,
} from "../../model/trust-store.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import type { Reader } from "./read-lanes.ts";
import type { Scope as RowScope } from "./scope.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";
import { bumpTrust } from "./trust-change.ts";

interface SelectedBinding {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly tenant_ids: readonly string[];
  readonly tenants: readonly string[];
  readonly platform: boolean;
  readonly scopes: readonly string[];
  readonly objects: string;
  readonly updated_at_ms: number;
  readonly updated_by: string;
}

/** Slugs of what was bound and is there. LIMIT keeps the planner from turning the join around. */
const COLUMNS = sql`b.issuer, b.subject, b.name, b.tenant_ids, b.platform, b.scopes, b.objects::text AS objects,
  ${epochMs("b.updated_at")} AS updated_at_ms, b.updated_by,
  ARRAY(SELECT t.slug FROM unnest(b.tenant_ids) AS k (id)
    CROSS JOIN LATERAL (SELECT t.slug FROM relata.tenant t WHERE t.id = k.id LIMIT 1) t ORDER BY t.slug) AS tenants`;

interface PageArgs {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly limit: number;
}

const selectPage = statement<PageArgs>()("binding_page", (arg) =>
  sql<SelectedBinding>`SELECT ${COLUMNS} FROM relata.workload_binding b
    WHERE (b.issuer, b.subject, b.name) > (${arg("issuer")}, ${arg("subject")}, ${arg("name")})
    ORDER BY b.issuer, b.subject, b.name LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

const selectPageOfIssuer = statement<PageArgs>()("binding_page_of_issuer", (arg) =>
  sql<SelectedBinding>`SELECT ${COLUMNS} FROM relata.workload_binding b
    WHERE b.issuer = ${arg("issuer")} AND (b.subject, b.name) > (${arg("subject")}, ${arg("name")})
    ORDER BY b.subject, b.name LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

interface KeysArgs {
  readonly issuer: readonly string[];
  readonly subject: readonly string[];
  readonly name: readonly string[];
}

const selectByKey = statement<KeysArgs>()("bindings_by_key", (arg) =>
  sql<SelectedBinding>`SELECT ${COLUMNS}
    FROM unnest(${arg("issuer")}::text[], ${arg("subject")}::text[], ${arg("name")}::text[]) AS k (issuer, subject, name)
    CROSS JOIN LATERAL (SELECT * FROM relata.workload_binding b
      WHERE b.issuer = k.issuer AND b.subject = k.subject AND b.name = k.name LIMIT 1) b`.compile(sqlBuilder),
);

const tenantsBySlug = statement<{ slug: readonly string[] }>()("tenants_by_slug", (arg) =>
  sql<{
    readonly slug: string;
    readonly id: string;
  }>`SELECT k.slug, t.id FROM unnest(${arg("slug")}::text[]) AS k (slug)
    CROSS JOIN LATERAL (SELECT t.id FROM relata.tenant t WHERE t.slug = k.slug LIMIT 1) t`.compile(sqlBuilder),
);

/** Of the other kind: what may not overlap with a binding that is being put. */
const subjectsOf = statement<{ issuer: string; platform: boolean }>()("binding_subjects", (arg) =>
  sql<{ readonly subject: string }>`SELECT DISTINCT b.subject FROM relata.workload_binding b
    WHERE b.issuer = ${arg("issuer")} AND b.platform = ${arg("platform")}`.compile(sqlBuilder),
);

interface PutArgs {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly tenantIds: readonly string[];
  readonly platform: boolean;
  readonly scopes: readonly string[];
  /** JSON text. */
  readonly objects: string;
  readonly actor: string;
}

const putBinding = statement<PutArgs>()("put_binding", (arg) =>
  sql<{ readonly updated_at_ms: number }>`INSERT INTO relata.workload_binding AS b
      (issuer, subject, name, tenant_ids, platform, scopes, objects, updated_at, updated_by)
    VALUES (${arg("issuer")}, ${arg("subject")}, ${arg("name")}, ${arg("tenantIds")}::uuid[], ${arg("platform")},
      ${arg("scopes")}::text[], ${arg("objects")}::json, clock_timestamp(), ${arg("actor")})
    ON CONFLICT (issuer, subject, name) DO UPDATE SET tenant_ids = excluded.tenant_ids, platform = excluded.platform,
      scopes = excluded.scopes, objects = excluded.objects, updated_at = excluded.updated_at, updated_by = excluded.updated_by
    RETURNING ${epochMs("b.updated_at")} AS updated_at_ms`.compile(sqlBuilder),
);

const deleteBinding = statement<{ issuer: string; subject: string; name: string }>()("delete_binding", (arg) =>
  sql`DELETE FROM relata.workload_binding
    WHERE issuer = ${arg("issuer")} AND subject = ${arg("subject")} AND name = ${arg("name")}`.compile(sqlBuilder),
);

/** @param announce tells the other processes, once the change is committed */
export function createBindingStore(sessions: Sessions, announce: () => void): BindingStore {
  const registry = { kind: "registry" } as const;
  return {
    async put(binding, validate, draft) {
      const stored = await sessions.transact(registry, async (transaction) => {
        const { key, platform, scopes, objects } = binding;
        const [chain, found, subjects] = await transaction.begin([
          lockChain(PLATFORM_CHAIN),
          tenantsBySlug({ slug: binding.tenants }),
          subjectsOf({ issuer: key.issuer, platform: !platform }),
        ]);
        requireTenants(binding.tenants, found);
        validate(subjects.map(({ subject }) => subject));
        const tenantIds = found.map(({ id }) => id);
        const { actor } = draft.origin;
        const [[row]] = await transaction.commit([
          putBinding({ ...key, tenantIds, platform, scopes, objects: JSON.stringify(objects), actor }),
          ...appendEvents(chain, [draft]),
          bumpTrust("binding", bindingKeyText(key)),
        ]);
        return { ...binding, tenantIds, updatedAtMs: row?.updated_at_ms ?? Number.NaN, updatedBy: actor };
      });
      announce();
      return stored;
    },
    list: (page) => readBindingPage(sessions, registry, page, undefined),
    async delete(key, draft) {
      await sessions.transact(registry, async (transaction) => {
        const [chain, found] = await transaction.begin([lockChain(PLATFORM_CHAIN), byKeys([key])]);
        if (found.length === 0) throw bindingNotFound(key);
        await transaction.commit([
          deleteBinding({ ...key }),
          ...appendEvents(chain, [draft]),
          bumpTrust("binding", bindingKeyText(key)),
        ]);
      });
      announce();
    },
  };
}

export async function readBindingPage(
  reader: Reader,
  scope: RowScope,
  { issuer, after, limit }: BindingPage,
  signal: AbortSignal | undefined,
): Promise<readonly StoredBinding[]> {
  // No issuer, subject or name is less than an empty one, and none is empty but the name.
  const { subject, name } = after ?? { subject: "", name: "" };
  const query =
    issuer === undefined
      ? selectPage({ issuer: after?.issuer ?? "", subject, name, limit })
      : selectPageOfIssuer({ issuer, subject, name, limit });
  const [rows] = await reader.read(scope, [query], signal);
  return rows.map(toBinding);
}

export async function readBindingsByKey(
  lanes: Reader,
  keys: readonly BindingKey[],
  signal: AbortSignal,
): Promise<readonly StoredBinding[]> {
  const [rows] = await lanes.read({ kind: "trust" }, [byKeys(keys)], signal);
  return rows.map(toBinding);
}

function byKeys(keys: readonly BindingKey[]) {
  return selectByKey({
    issuer: keys.map(({ issuer }) => issuer),
    subject: keys.map(({ subject }) => subject),
    name: keys.map(({ name }) => name),
  });
}

function toBinding(row: SelectedBinding): StoredBinding {
  const { issuer, subject, name, platform, tenants, updated_at_ms: updatedAtMs, updated_by: updatedBy } = row;
  return {
    key: { issuer, subject, name },
    tenantIds: row.tenant_ids,
    tenants,
    platform,
    scopes: toScopes(row.scopes),
    objects: JSON.parse(row.objects) as readonly ObjectLimit[],
    updatedAtMs,
    updatedBy,
  };
}

/** One that a newer program knows and this one does not grants nothing here. */
export function toScopes(words: readonly string[]): readonly Scope[] {
  return SCOPES.filter((scope) => words.includes(scope));
}

function requireTenants(slugs: readonly string[], found: readonly { readonly slug: string }[]): void {
  const missing = slugs.filter((slug) => !found.some((tenant) => tenant.slug === slug));
  if (missing.length === 0) return;
  throw new RelataError("TENANT_NOT_FOUND", `There is no tenant ${missing.map((slug) => `"${slug}"`).join(", ")}.`, {
    metadata: { tenants: missing.slice(0, 10).join(",") },
  });
}

function bindingNotFound({ issuer, subject, name }: BindingKey): RelataError {
  return new RelataError(
    "BINDING_NOT_FOUND",
    `There is no stored binding of "${subject}" at ${issuer}${name === "" ? "" : ` called "${name}"`}. Those of the configuration are changed there.`,
  );
}
