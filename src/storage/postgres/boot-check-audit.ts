import { randomUUID } from "node:crypto";
import type pg from "pg";

/**
 * What makes the record one: the service may add to it and read it, and each event must continue its chain. Rights on whole
 * tables (TRUNCATE, DELETE, UPDATE) are looked at in boot-check-surface.ts with those of all tables.
 */
export async function findAuditProblems(client: pg.Client): Promise<readonly string[]> {
  const found = [...(await findColumnRights(client)), ...(await findTriggerProblems(client))];
  return found.length > 0 ? found : findOpenChain(client);
}

/** Where the service adds rows; of the others it reads only. */
const ADDED_TO: ReadonlySet<string> = new Set(["audit_event", "decision"]);

/** A column's right opens the row: what may update `actor` alone rewrites who did it. */
const COLUMN_RIGHTS = `
  SELECT c.relname AS name, has_any_column_privilege(c.oid, 'INSERT') AS insert,
    has_any_column_privilege(c.oid, 'UPDATE') AND NOT has_table_privilege(c.oid, 'UPDATE') AS update
  FROM pg_class c WHERE c.relnamespace = 'relata'::regnamespace
    AND c.relname IN ('audit_event', 'decision', 'audit_chain', 'audit_checkpoint')
  ORDER BY c.relname`;

async function findColumnRights(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; insert: boolean; update: boolean }>(COLUMN_RIGHTS);
  return rows.flatMap(({ name, insert, update }) => {
    const held = [...(insert && !ADDED_TO.has(name) ? ["INSERT into"] : []), ...(update ? ["UPDATE columns of"] : [])];
    return held.map((right) => `The role may ${right} ${name}, and could change what is on record; REVOKE it.`);
  });
}

/** By name: the function it calls, and pg_trigger.tgtype (1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate). */
const TRIGGERS: Readonly<Record<string, string>> = {
  continue_chain: "continue_audit_chain 5",
  refuse_change: "refuse_audit_change 27",
  refuse_truncate: "refuse_audit_change 34",
};

/** Of the table and of each of its months: one that fires always, for every row and column, in every session. */
const FIRING_TRIGGERS = `
  SELECT c.relname AS name,
    coalesce(array_agg(t.tgname || ' ' || p.proname || ' ' || t.tgtype) FILTER (WHERE p.oid IS NOT NULL), '{}') AS firing
  FROM pg_class c
  LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr = ''
  LEFT JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = 'relata'::regnamespace
  WHERE c.oid = 'relata.audit_event'::regclass
    OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'relata.audit_event'::regclass)
  GROUP BY c.oid ORDER BY c.relname`;

async function findTriggerProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; firing: string[] }>(FIRING_TRIGGERS);
  const expected = Object.entries(TRIGGERS).map(([name, rest]) => [name, `${name} ${rest}`] as const);
  const missing = rows.flatMap(({ name, firing }) => {
    const quiet = expected.filter(([, text]) => !firing.includes(text)).map(([trigger]) => trigger);
    return quiet.length === 0
      ? []
      : [`Triggers of ${name} are missing, disabled or others than the migrations make: ${quiet.join(", ")}.`];
  });
  const { rows: sessions } = await client.query<{ role: string }>(
    "SELECT current_setting('session_replication_role') AS role",
  );
  const role = sessions[0]?.role ?? "";
  if (role === "origin") return missing;
  return [
    ...missing,
    `session_replication_role is ${role}, and triggers do not fire: run ALTER ROLE … RESET session_replication_role.`,
  ];
}

/** What the functions really do: an event that continues nothing is offered to a chain that nobody has, and must be refused. */
async function findOpenChain(client: pg.Client): Promise<readonly string[]> {
  const chain = randomUUID();
  await client.query("BEGIN");
  try {
    await client.query("SELECT set_config('relata.tenant_id', $1, true)", [chain]);
    await client.query("SELECT * FROM relata.lock_audit_chain($1)", [chain]);
    await client.query(
      `INSERT INTO relata.audit_event (chain, seq, recorded_at, event, request_id, body, hash)
       VALUES ($1, 1, clock_timestamp(), 'boot.check', '', '{}', sha256('{}'))`,
      [chain],
    );
    return [
      "The audit takes in events that continue no chain: relata.continue_audit_chain is not that of the migrations.",
    ];
  } catch {
    return [];
  } finally {
    await client.query("ROLLBACK");
  }
}
