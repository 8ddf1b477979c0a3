import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { sealEvent } from "../../src/audit/event.ts";
import type { AuditDraft } from "../../src/model/audit.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { createTenant, draft, ORIGIN } from "../storage/drafts.ts";
import { openStore } from "../storage/postgres/open.ts";
import { withClient } from "../support/postgres-template.ts";

const ROUNDS = 8;
const WRITES = 200;

/** The database does nothing for the record then: what is sent and sealed stays the same. */
const OFF = `
  ALTER TABLE relata.audit_event DISABLE TRIGGER continue_chain;
  CREATE FUNCTION relata.drop_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  CREATE TRIGGER drop_event BEFORE INSERT ON relata.audit_event FOR EACH ROW EXECUTE FUNCTION relata.drop_event();
  ALTER FUNCTION relata.lock_audit_chain(uuid) RENAME TO lock_audit_chain_kept;
  CREATE FUNCTION relata.lock_audit_chain(wanted uuid, OUT seq bigint, OUT hash bytea, OUT now_ms bigint)
    RETURNS SETOF record LANGUAGE sql AS $$ SELECT 0::bigint, sha256(''), floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;
  GRANT EXECUTE ON FUNCTION relata.lock_audit_chain(uuid) TO relata_app`;
const ON = `
  DROP TRIGGER drop_event ON relata.audit_event; DROP FUNCTION relata.drop_event();
  DROP FUNCTION relata.lock_audit_chain(uuid);
  ALTER FUNCTION relata.lock_audit_chain_kept(uuid) RENAME TO lock_audit_chain;
  ALTER TABLE relata.audit_event ENABLE TRIGGER continue_chain`;

test("what the record costs a write", { timeout: 600_000 }, async () => {
  const opened = await openStore();
  const { store, database } = opened;
  try {
    const tenant = await createTenant(store);
    await run(tenant, 0);
    const found: { on: Round[]; off: Round[] } = { on: [], off: [] };
    await withClient(database.superuser ?? database.owner, async (client) => {
      const wal = async () =>
        Number((await client.query("SELECT pg_current_wal_insert_lsn() - '0/0' AS at")).rows[0].at);
      const measured = async (from: number): Promise<Round> => {
        const [before, startedAt] = [await wal(), performance.now()];
        await run(tenant, from);
        return { ms: (performance.now() - startedAt) / WRITES, bytes: ((await wal()) - before) / WRITES };
      };
      for (let round = 1; round <= ROUNDS; round += 1) {
        const from = round * WRITES * 2;
        found.on.push(await measured(from));
        await client.query(OFF);
        found.off.push(await measured(from + WRITES));
        await client.query(ON);
      }
      const { rows } = await client.query(
        "SELECT sum(pg_total_relation_size(inhrelid)) / (SELECT count(*) FROM relata.audit_event) AS bytes FROM pg_inherits WHERE inhparent = 'relata.audit_event'::regclass",
      );
      console.log(`an event of a write of one tuple takes ${Math.round(Number(rows[0].bytes))} bytes with its indexes`);
    });
    for (const key of ["ms", "bytes"] as const) {
      const [on, off] = [median(found.on.map((round) => round[key])), median(found.off.map((round) => round[key]))];
      console.log(`${key} a write: ${on.toFixed(2)} with, ${off.toFixed(2)} without, ${(on / off).toFixed(2)} times`);
    }
    expect(found.on).toHaveLength(ROUNDS);
  } finally {
    await opened.close();
  }

  async function run(tenant: Tenant, from: number): Promise<void> {
    for (let i = 0; i < WRITES; i += 1)
      await store.tuples.write(tenant, draft([`create document:d${from + i}#viewer@user:u${from + i}`]));
  }
});

test("what sealing costs the process", () => {
  const EVENTS = 50_000;
  const personal = { changes: ["create document:d1#viewer@user:u1"] };
  const event: AuditDraft = { event: "tuples.written", origin: ORIGIN, details: { revision: 1, updates: 1 }, personal };
  const place = {
    chain: "5f3a1c1e-0000-4000-8000-000000000001",
    previousHash: randomBytes(32),
    recordedAtMs: Date.now(),
  };
  const cpu = process.cpuUsage();
  for (let seq = 1; seq <= EVENTS; seq += 1) sealEvent({ ...place, seq }, event);
  const { user, system } = process.cpuUsage(cpu);
  console.log(`sealing an event: ${((user + system) / EVENTS).toFixed(1)} µs of CPU`);
  expect(user).toBeGreaterThan(0);
});

interface Round {
  readonly ms: number;
  readonly bytes: number;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
