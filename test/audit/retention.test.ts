import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { genesisHash } from "../../src/audit/chain.ts";
import { ChainVerifier } from "../../src/audit/verify.ts";
import type { AuditDraft, SealedEvent } from "../../src/model/audit.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import type { EitherCall } from "../../src/service/audit/deps.ts";
import { createExportAudit } from "../../src/service/audit/export.ts";
import { createVerifyAudit } from "../../src/service/audit/verify.ts";
import { appendEvents } from "../../src/storage/postgres/audit-append.ts";
import { runTestCli } from "../cli/run-cli.ts";
import { ORIGIN } from "../storage/drafts.ts";
import { openStore } from "../storage/postgres/open.ts";
import { withClient } from "../support/postgres-template.ts";

let opened: Awaited<ReturnType<typeof openStore>>;
let kept: Tenant;
let removed: Tenant;
beforeAll(async () => {
  opened = await openStore();
  await withClient(opened.database.owner, (client) =>
    client.query("SELECT relata.make_audit_partitions('2025-01-15Z')"),
  );
  kept = await agedTenant("kept");
  removed = await agedTenant("removed");
});
afterAll(() => opened.close());

/** Of January to March 2025, at and around the boundaries of months. */
const INSTANTS = [
  "2025-01-10T00:00:00.000Z",
  "2025-01-31T23:59:59.999Z",
  "2025-02-01T00:00:00.000Z",
  "2025-02-28T23:59:59.999Z",
  "2025-03-01T00:00:00.000Z",
  "2025-03-31T23:59:59.999Z",
];

/** A tenant whose chain began in January 2025: its events went in by the service's role, held to the chain like any. */
async function agedTenant(slug: string): Promise<Tenant> {
  const tenant = await opened.store.tenants.create({ slug }, ORIGIN);
  const chain = tenant.id;
  await withClient(opened.database.superuser ?? opened.database.owner, async (client) => {
    await client.query("SET session_replication_role = replica");
    await client.query("DELETE FROM relata.audit_event WHERE chain = $1", [chain]);
    const genesis = [genesisHash(chain), chain];
    await client.query(
      "UPDATE relata.audit_chain SET seq = 0, hash = $1, recorded_at = '2025-01-01Z' WHERE chain = $2",
      genesis,
    );
  });
  await withClient(opened.database.app, async (client) => {
    await client.query("SELECT set_config('relata.tenant_id', $1, false)", [chain]);
    for (const [index, instant] of INSTANTS.entries()) {
      const { rows } = await client.query("SELECT seq::int, hash FROM relata.audit_chain WHERE chain = $1", [chain]);
      const locked = { chain, seq: rows[0].seq, hash: rows[0].hash, now_ms: Date.parse(instant) };
      const [bound] = appendEvents([locked], [written(`user:${slug}${index}`)]);
      await client.query(bound?.text ?? "", [...(bound?.values ?? [])]);
    }
  });
  return tenant;
}

function written(user: string): AuditDraft {
  return { event: "tuples.written", origin: ORIGIN, details: { updates: 1 }, personal: { changes: [user] } };
}

function call(tenant: Tenant): EitherCall {
  const access = new Map();
  const principal = { actor: "a|b" };
  const deadlineMs = Date.now() + 60_000;
  const rest = { access, principal, deadlineMs, requestId: "", address: "", nowMs: Date.now() };
  return { ...rest, tenant, signal: new AbortController().signal } as unknown as EitherCall;
}
const verify = (tenant: Tenant, part = { fromSeq: 0, toSeq: 0 }) =>
  createVerifyAudit({ audit: opened.store.audit, headKeys: [], now: Date.now })(call(tenant), { ...part, heads: [] });
async function exported(tenant: Tenant) {
  const all: (SealedEvent & { readonly previousHash: Uint8Array })[] = [];
  const stream = createExportAudit({ audit: opened.store.audit })(call(tenant), { fromSeq: 0, toSeq: 0 });
  for await (const batch of stream) all.push(...batch);
  return all;
}
/** Of the events alone, as whoever keeps the file does it. */
function verifyOffline(tenant: Tenant, events: Awaited<ReturnType<typeof exported>>) {
  const [first] = events;
  const start = { seq: (first?.seq ?? 0) - 1, hash: first?.previousHash ?? Buffer.alloc(32) };
  const verifier = new ChainVerifier({ chain: tenant.id, start, isStartPruned: true });
  for (const event of events) verifier.take(event);
  return verifier.reportToEnd();
}
const seqsOf = (events: readonly { readonly seq: number }[]) => events.map(({ seq }) => seq);
const months = async (parent = "audit_event") => {
  const { rows } = await withClient(opened.database.owner, (client) =>
    client.query(
      "SELECT relname AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = $1::regclass ORDER BY 1",
      [`relata.${parent}`],
    ),
  );
  return rows.map(({ name }) => String(name));
};
const relata = (...argv: readonly string[]) =>
  runTestCli(["audit", ...argv], { env: { RELATA_MAINTENANCE_DATABASE_URL: opened.database.maintenance.url } });

describe("months", () => {
  it("hold what was recorded in them, to the millisecond", async () => {
    const { rows } = await withClient(opened.database.superuser ?? opened.database.owner, (client) =>
      client.query(
        "SELECT tableoid::regclass::text AS month, seq::int FROM relata.audit_event WHERE chain = $1 ORDER BY seq",
        [kept.id],
      ),
    );
    expect(rows.map(({ month, seq }) => `${month} ${seq}`)).toEqual([
      ...["relata.audit_event_2025_01 1", "relata.audit_event_2025_01 2", "relata.audit_event_2025_02 3"],
      ...["relata.audit_event_2025_02 4", "relata.audit_event_2025_03 5", "relata.audit_event_2025_03 6"],
    ]);
  });

  it.each([true, false])("are read on over their boundaries, page by page (oldest first: %s)", async (oldestFirst) => {
    for (const limit of [1, 2, 4, 6, 7]) {
      const seen: number[] = [];
      let after: { readonly recordedAtMs: number; readonly seq: number } | undefined;
      do {
        const query = { filter: { events: [] }, oldestFirst, limit, ...(after !== undefined && { after }) };
        const page = await opened.store.audit.page(kept.id, query);
        seen.push(...seqsOf(page.events));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual(oldestFirst ? [1, 2, 3, 4, 5, 6] : [6, 5, 4, 3, 2, 1]);
    }
    const february = { fromMs: Date.parse("2025-02-01T00:00:00Z"), untilMs: Date.parse("2025-03-01T00:00:00Z") };
    const query = { filter: { events: [] }, oldestFirst, limit: 10, ...february };
    expect(seqsOf((await opened.store.audit.page(kept.id, query)).events).toSorted()).toEqual([3, 4]);
  });

  it("are proved and exported over their boundaries", async () => {
    expect(await verify(kept)).toMatchObject({ intact: true, complete: true, events: 6 });
    expect(await verify(kept, { fromSeq: 3, toSeq: 5 })).toMatchObject({ intact: true, events: 3 });
    expect(verifyOffline(kept, await exported(kept))).toMatchObject({ intact: true, events: 6 });
  });

  it("are made ahead, by whoever serves and by `relata migrate`", async () => {
    const ahead = async () => (await months()).filter((name) => !name.includes("_2025_")).length;
    expect(await ahead()).toBe(3);
    const drop = (await months()).at(-1);
    const again = async () => {
      await withClient(opened.database.owner, (client) => client.query(`DROP TABLE relata.${drop}`));
      expect(await ahead()).toBe(2);
    };
    await again();
    await opened.store.audit.preparePartitions();
    expect(await ahead()).toBe(3);
    await again();
    const run = await runTestCli([
      "migrate",
      "--database-url",
      (opened.database.superuser ?? opened.database.owner).url,
    ]);
    expect(run).toMatchObject({ exit: 0 });
    expect(await ahead()).toBe(3);
  });
});

describe("erasing", () => {
  it("takes what names a person out of events, and nothing else; the chain stays sound and tells of it", async () => {
    const before = await exported(kept);
    const run = await relata("erase", "--tenant", "kept", "--mentions", "user:kept1", "--reason", "request 4711");
    expect(run).toEqual({ exit: 0, stdout: "what named persons is erased from 1 event\n", stderr: "" });
    expect(await verify(kept)).toMatchObject({ intact: true, events: 7, personalErased: 1 });
    const after = await exported(kept);
    expect(verifyOffline(kept, after)).toMatchObject({ intact: true, personalErased: 1 });
    const { actor: _, personal: __, personalSalt: ___, ...bare } = before[1] as SealedEvent;
    expect(after[1]).toEqual(bare);
    expect(after.slice(0, 6).toSpliced(1, 1)).toEqual(before.toSpliced(1, 1));
    expect(after[6]?.event).toBe("personal.erased");
    expect(JSON.parse(Buffer.from(after[6]?.body ?? []).toString()).details).toEqual({ events: 1, seqs: [[2, 2]] });
    expect(Buffer.from(after[6]?.personal ?? []).toString()).toContain("request 4711");
  });

  it("is told of behind a part of the chain that is proved by itself", async () => {
    expect(await verify(kept, { fromSeq: 0, toSeq: 3 })).toMatchObject({ intact: true, events: 3, personalErased: 1 });
    expect(await verify(kept, { fromSeq: 2, toSeq: 2 })).toMatchObject({ intact: true, personalErased: 1 });
  });

  it("of what nobody told is found in a part as well", async () => {
    const superuser = opened.database.superuser ?? opened.database.owner;
    const at = `chain = '${kept.id}' AND seq = 3`;
    await withClient(superuser, async (client) => {
      await client.query("SET session_replication_role = replica");
      await client.query(`CREATE TABLE keep AS SELECT * FROM relata.audit_event WHERE ${at}`);
      await client.query(
        `UPDATE relata.audit_event SET actor = NULL, personal = NULL, personal_salt = NULL WHERE ${at}`,
      );
      const { problems } = await verify(kept, { fromSeq: 0, toSeq: 4 });
      expect(problems.map(({ seq, problem }) => `${seq} ${problem}`)).toEqual(["3 personal_missing"]);
      await client.query(`DELETE FROM relata.audit_event WHERE ${at}`);
      await client.query("INSERT INTO relata.audit_event SELECT * FROM keep");
      await client.query("DROP TABLE keep");
    });
  });

  it("goes by caller and time, finds nothing twice, and refuses a question about everything", async () => {
    const by = ["erase", "--tenant", "removed", "--actor", ORIGIN.actor, "--until", "2025-02-01T00:00:00Z"];
    expect(await relata(...by)).toMatchObject({ exit: 0, stdout: "what named persons is erased from 2 events\n" });
    expect(await relata(...by)).toMatchObject({ exit: 1, stdout: "what named persons is erased from 0 events\n" });
    expect(await verify(removed)).toMatchObject({ intact: true, personalErased: 2 });
    expect(await relata("erase", "--tenant", "removed")).toMatchObject({ exit: 2 });
    expect(await relata("erase", "--tenant", "nobody", "--actor", "x")).toMatchObject({ exit: 2 });
    expect(await relata("erase", "--platform", "--actor", "nobody|x")).toMatchObject({ exit: 1 });
  });

  it("looks for it without keeping writers waiting", async () => {
    await withClient(opened.database.app, async (writer) => {
      await writer.query("BEGIN");
      await writer.query("SELECT set_config('relata.tenant_id', $1, true)", [kept.id]);
      await writer.query("SELECT relata.lock_audit_chain($1)", [kept.id]);
      expect(await relata("erase", "--tenant", "kept", "--mentions", "user:nobody")).toMatchObject({ exit: 1 });
      await writer.query("ROLLBACK");
    });
  });

  it.each(["body = ''", "event = 'x'", "hash = sha256('x')", "seq = 99", "personal = 'x'"])(
    "is all that the maintenance role may change: not %s",
    async (change) => {
      await withClient(opened.database.maintenance, async (client) => {
        await client.query("SELECT set_config('relata.tenant_id', $1, false)", [kept.id]);
        for (const sql of [
          `UPDATE relata.audit_event SET ${change}`,
          "DELETE FROM relata.audit_event",
          "TRUNCATE relata.audit_event",
        ])
          await expect(client.query(sql)).rejects.toThrow(/permission denied|cannot be changed/);
      });
    },
  );
});

describe("pruning", () => {
  const head = async () => (await opened.store.audit.head(kept.id))?.seq;

  it("drops the months that ended by then, and the chain is proved from what is kept", async () => {
    expect(await relata("prune", "--before", "2025-02-28T00:00:00Z")).toEqual({
      exit: 0,
      stdout: "dropped audit_event_2025_01\ndropped decision_2025_01\n",
      stderr: "",
    });
    const told = { intact: true, complete: true, prunedThrough: 2, firstSeq: 3, lastSeq: 8 };
    expect(await verify(kept)).toMatchObject(told);
    const events = await exported(kept);
    expect(seqsOf(events)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(verifyOffline(kept, events)).toMatchObject({ intact: true });
    const { event, body } = events.at(-1) as SealedEvent;
    expect([event, JSON.parse(Buffer.from(body).toString()).details.through]).toEqual(["audit.pruned", 2]);
    expect(await relata("prune", "--before", "2025-02-28T00:00:00Z")).toMatchObject({
      stdout: "nothing to do: no month has been kept that long\n",
    });
    expect(await head()).toBe(8);
  });

  it("is found where nobody told of it", async () => {
    const { superuser = opened.database.owner } = opened.database;
    await withClient(superuser, async (client) => {
      const set = "UPDATE relata.audit_checkpoint SET hash = sha256('x') WHERE chain = $1 RETURNING hash";
      const { rows } = await client.query("SELECT hash FROM relata.audit_checkpoint WHERE chain = $1", [kept.id]);
      await client.query(set, [kept.id]);
      expect((await verify(kept)).problems.map(({ seq, problem }) => `${seq} ${problem}`)).toEqual([
        "3 hash_mismatch",
        "3 hash_mismatch",
      ]);
      await client.query(set.replace("sha256('x')", "$2"), [kept.id, rows[0].hash]);
    });
    const events = await exported(kept);
    const untold = verifyOffline(kept, events.slice(1));
    expect(untold.problems.map(({ message }) => message)).toEqual([
      "event 4: events up to 3 are not there, and no event audit.pruned tells of it",
    ]);
  });

  it("that was cut short before the chains said so is still sound, and is noted by the next run", async () => {
    await withClient(opened.database.maintenance, (client) =>
      client.query("SELECT relata.prune_audit_month('audit_event', '2025-03-01Z')"),
    );
    expect(await verify(kept)).toMatchObject({ intact: true, prunedThrough: 4, lastSeq: 8 });
    expect(await relata("prune", "--before", "2025-03-01T00:00:00Z", "--what", "events")).toMatchObject({ exit: 0 });
    expect(await verify(kept)).toMatchObject({ intact: true, prunedThrough: 4, lastSeq: 9 });
    expect(verifyOffline(kept, await exported(kept))).toMatchObject({ intact: true });
  });

  it("ends the chain of a removed tenant with its last event, and never touches the running month", async () => {
    await withClient(opened.database.superuser ?? opened.database.owner, async (client) => {
      await client.query("SET session_replication_role = replica");
      // As though it had been removed in March 2025: since then it was only said what earlier prunings took.
      const since = "DELETE FROM relata.audit_event WHERE chain = $1 AND recorded_at > '2025-04-01'";
      await client.query(`${since} AND event <> 'audit.pruned'`, [removed.id]);
      const { rowCount } = await client.query(since.replace("DELETE", "SELECT"), [removed.id]);
      expect(rowCount).toBe(2);
      await client.query("UPDATE relata.tenant SET state = 'offboarded' WHERE id = $1", [removed.id]);
    });
    expect(await relata("prune", "--before", "2100-01-01T00:00:00Z", "--what", "events", "--json")).toMatchObject({
      stdout: '{"dropped":["audit_event_2025_03"]}\n',
    });
    expect(await months()).toHaveLength(3);
    expect(await opened.store.audit.head(removed.id)).toBeUndefined();
    expect(await opened.store.audit.checkpoint(removed.id)).toBeUndefined();
    expect(await verify(kept)).toMatchObject({ intact: true, prunedThrough: 6 });
    await opened.store.audit.append(kept.id, [written("user:later")]);
    expect(await verify(kept)).toMatchObject({ intact: true, firstSeq: 7, lastSeq: 11 });
  });

  it("gives way to who looks into a month, and is done once they have left", async () => {
    await withClient(opened.database.owner, (client) =>
      client.query("SELECT relata.make_audit_partitions('2025-06-15Z')"),
    );
    const chain = randomUUID();
    await withClient(opened.database.app, async (reader) => {
      await reader.query("BEGIN");
      await reader.query("SELECT set_config('relata.tenant_id', $1, true)", [chain]);
      await reader.query("SELECT FROM relata.audit_event WHERE recorded_at < '2025-09-01Z'");
      await withClient(opened.database.maintenance, async (client) => {
        const prune = client.query("SELECT relata.prune_audit_month('audit_event', '2025-07-01Z')");
        await expect(prune).rejects.toThrow("lock timeout");
      });
      await reader.query("ROLLBACK");
    });
    expect(await relata("prune", "--before", "2025-09-01T00:00:00Z", "--what", "events", "--json")).toMatchObject({
      stdout: '{"dropped":["audit_event_2025_06","audit_event_2025_07","audit_event_2025_08"]}\n',
    });
  });

  it.each([
    [["--before", "soon"], "--before expects an instant"],
    [["--before", "1d", "--what", "tuples"], "--what"],
    [[], "--before"],
  ])("%j is exit code 2", async (flags, message) => {
    const run = await relata("prune", ...flags);
    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(await runTestCli(["audit", "prune", "--before", "1d"])).toMatchObject({ exit: 2 });
  });
});
