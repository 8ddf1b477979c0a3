import pg from "pg";
import { RelataError } from "../../errors.ts";
import { clientConfig } from "./connection.ts";
import { type Answers, fly, type Observer } from "./flight.ts";
import { BEGIN_WRITE, COMMIT, enter, type Scope } from "./scope.ts";
import { translatePgError } from "./sqlstate.ts";
import type { Bound } from "./statement.ts";

/** Sends statements of the open transaction: one network round trip. */
export type Send = <const Statements extends readonly Bound[]>(statements: Statements) => Promise<Answers<Statements>>;

/** One connection as the maintenance role, for as long as one piece of work takes. */
export interface MaintenanceSession {
  /** One transaction; the scope travels with its first statements, COMMIT by itself. Rolled back when `work` fails. */
  transact<T>(scope: Scope, work: (send: Send) => Promise<T>): Promise<T>;
}

export interface Maintenance {
  readonly isConfigured: boolean;
  /** @throws MAINTENANCE_UNAVAILABLE without a connection, STORE_UNFIT for a role that row security does not bind */
  session<T>(work: (session: MaintenanceSession) => Promise<T>): Promise<T>;
}

interface MaintenanceOptions {
  /** As the maintenance role; undefined: there is none in this process. */
  readonly config: pg.ClientConfig | undefined;
  readonly statementTimeoutMs: number;
  readonly observe: Observer | undefined;
}

const UNAVAILABLE =
  "This server has no maintenance connection, so it can neither move nor remove tenants. Set maintenanceDatabaseUrl (RELATA_MAINTENANCE_DATABASE_URL) to the address of the role relata_maintenance, or ask a server that has one.";

/**
 * Of all statements of such a connection. Generic plans of partitioned tables lock every partition (see roles.ts). Chunks are taken
 * in the order of an index and deltas looked up in it, whatever the planner thinks of a partition nobody has analyzed yet:
 * a sort or a hash of a large tenant for each chunk would never end.
 */
export const MAINTENANCE_PLANS = `SET plan_cache_mode = force_custom_plan; SET enable_sort = off; SET enable_bitmapscan = off;
  SET enable_hashjoin = off; SET enable_mergejoin = off`;

/** A role that is more than it should be could move rows past row security: refused like the service's own (boot-check.ts). */
const UNFIT_ROLE = `SELECT current_user AS name FROM pg_roles me WHERE me.rolname = current_user AND (me.rolsuper OR me.rolbypassrls
  OR EXISTS (SELECT FROM pg_roles other WHERE other.oid <> me.oid AND (other.rolsuper OR other.rolbypassrls)
    AND pg_has_role(current_user, other.oid, 'MEMBER'))
  OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'relata'::regnamespace AND pg_has_role(current_user, c.relowner, 'MEMBER')))`;

/** A statement may read a whole tenant: what is waited for is bounded by lock timeouts. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
/** Between statements nothing takes long. A process that is frozen there may hold a tenant's head, and all its writers wait. */
const IDLE_TIMEOUT_MS = 10_000;

export function openMaintenance(
  { maintenance, connectTimeoutMs = 5_000 }: { maintenance?: pg.ClientConfig; connectTimeoutMs?: number },
  observe: Observer | undefined,
): Maintenance {
  const statementTimeoutMs = STATEMENT_TIMEOUT_MS;
  const config = maintenance && clientConfig({ connection: maintenance, statementTimeoutMs, connectTimeoutMs });
  return createMaintenance({ config, statementTimeoutMs, observe });
}

/** Connections are made for a piece of work and end with it: such work is rare, and holds locks that end with its connection. */
function createMaintenance(options: MaintenanceOptions): Maintenance {
  const { config } = options;
  return {
    isConfigured: config !== undefined,
    async session(work) {
      if (config === undefined) throw new RelataError("MAINTENANCE_UNAVAILABLE", UNAVAILABLE);
      const client = new pg.Client({ ...config, application_name: "relata maintenance" });
      client.on("error", () => {}); // a lost connection also fails the statement that waits for it
      try {
        await client.connect();
        await requireFitRole(client);
        return await work({ transact: (scope, part) => transact(client, options, scope, part) });
      } catch (error) {
        throw translatePgError(error);
      } finally {
        await client.end().catch(() => {});
      }
    },
  };
}

async function requireFitRole(client: pg.Client): Promise<void> {
  await client.query(MAINTENANCE_PLANS);
  const { rows } = await client.query<{ name: string }>(UNFIT_ROLE);
  if (rows[0] === undefined) return;
  throw new RelataError(
    "STORE_UNFIT",
    `Role ${rows[0].name} owns tables of relata, or row security does not bind it; maintenanceDatabaseUrl must name relata_maintenance or a member of it.`,
  );
}

async function transact<T>(
  client: pg.Client,
  options: MaintenanceOptions,
  scope: Scope,
  work: (send: Send) => Promise<T>,
): Promise<T> {
  let isOpen = false;
  const send: Send = async (statements) => {
    const opening = isOpen ? [] : [BEGIN_WRITE, enter(scope, options.statementTimeoutMs, IDLE_TIMEOUT_MS)];
    isOpen = true;
    const answers = await fly(client, [...opening, ...statements], options.observe);
    return answers.slice(opening.length) as Answers<typeof statements>;
  };
  try {
    const result = await work(send);
    if (isOpen) await fly(client, [COMMIT], options.observe);
    return result;
  } catch (error) {
    if (isOpen) await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
