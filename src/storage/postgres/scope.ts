import { sql } from "kysely";
import { type Bound, sqlBuilder, statement } from "./statement.ts";

/**
 * What a transaction may see, announced to row security in its first statement. A tenant's own rows; the registry row
 * with one slug; the registry as a whole (`tenantId` for the tenant that is being made there); the heads of all tenants
 * and nothing else; or all credentials, with the registry that they point to, and the log of their changes.
 */
export type Scope =
  | { readonly kind: "tenant"; readonly tenantId: string }
  | { readonly kind: "slug"; readonly slug: string }
  | { readonly kind: "registry"; readonly tenantId?: string }
  | { readonly kind: "heads" }
  | { readonly kind: "trust" };

interface ScopeArgs {
  readonly tenantId: string;
  readonly slug: string;
  readonly registry: string;
  readonly statementTimeout: string;
  readonly idleTimeout: string;
}

/**
 * All settings are written each time and end with the transaction (`true`): nothing is left for whoever comes next.
 * Sequential scans are off because partitions are shared: every statement has an index that starts with the tenant, and
 * what it costs must depend on that tenant's rows, not on its neighbours'. jit costs tens of milliseconds and never pays.
 */
const enterScope = statement<ScopeArgs>()("enter_scope", (arg) =>
  sql`SELECT set_config('relata.tenant_id', ${arg("tenantId")}, true),
    set_config('relata.tenant_slug', ${arg("slug")}, true),
    set_config('relata.registry', ${arg("registry")}, true),
    set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
    set_config('statement_timeout', ${arg("statementTimeout")}, true),
    set_config('idle_in_transaction_session_timeout', ${arg("idleTimeout")}, true)`.compile(sqlBuilder),
);

/** All statements of one read see one snapshot. */
export const BEGIN_READ: Bound = { name: "", text: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", values: [] };
export const BEGIN_WRITE: Bound = { name: "", text: "BEGIN", values: [] };
export const COMMIT: Bound = { name: "", text: "COMMIT", values: [] };
export const ROLLBACK: Bound = { name: "", text: "ROLLBACK", values: [] };

/**
 * @param timeoutMs per statement
 * @param idleMs how long the server keeps an open transaction, and with it the tenant's head lock, for a process that
 *   stopped between two flights
 */
export function enter(scope: Scope, timeoutMs: number, idleMs = timeoutMs): Bound {
  return enterScope({
    tenantId: tenantOf(scope),
    slug: scope.kind === "slug" ? scope.slug : "",
    registry: REGISTRY[scope.kind],
    statementTimeout: String(timeoutMs),
    idleTimeout: String(idleMs),
  });
}

const REGISTRY = { tenant: "", slug: "", registry: "open", heads: "heads", trust: "trust" } as const satisfies Record<
  Scope["kind"],
  string
>;

/** The tenant whose rows a scope opens; empty when there is none. */
export function tenantOf(scope: Scope): string {
  return scope.kind === "tenant" || scope.kind === "registry" ? (scope.tenantId ?? "") : "";
}
