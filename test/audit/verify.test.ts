import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { headKeyOf, signHead } from "../../src/audit/signed-head.ts";
import { ChainVerifier } from "../../src/audit/verify.ts";
import type { SealedEvent } from "../../src/model/audit.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { createTenant, draft, ORIGIN } from "../storage/drafts.ts";
import { openStore } from "../storage/postgres/open.ts";
import { withClient } from "../support/postgres-template.ts";

const KEY = headKeyOf("k1", Buffer.alloc(32, 7));

describe("a chain of events in the database", () => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  let tenant: Tenant;
  let other: Tenant;
  let flights: (readonly string[])[] = [];
  beforeAll(async () => {
    opened = await openStore({ observe: (flight) => void flights.push(flight.map(({ name, text }) => name || text)) });
    tenant = await createTenant(opened.store);
    other = await createTenant(opened.store);
    for (const each of [tenant, other])
      for (let i = 0; i < 6; i += 1)
        await opened.store.tuples.write(each, draft([`create document:d${i}#viewer@user:u${i}`]));
  });
  afterAll(() => opened.close());

  const read = async (of = tenant) =>
    (await opened.store.audit.page(of.id, { filter: { events: [] }, oldestFirst: true, limit: 1000 })).events;

  /** What is found once a superuser has done `sql`, with triggers off; then it is undone. */
  async function afterTampering(sql: string, values: unknown[] = []): Promise<readonly string[]> {
    const { superuser } = opened.database;
    if (superuser === undefined) throw new Error("only a superuser can tamper");
    const before = await read();
    const found = await withClient(superuser, async (client) => {
      await client.query("SET session_replication_role = replica");
      await client.query("CREATE TABLE keep AS SELECT * FROM relata.audit_event");
      expect((await client.query(sql, values)).rowCount).toBeGreaterThan(0);
      const problems = verify(await read(), await opened.store.audit.head(tenant.id));
      await client.query("DELETE FROM relata.audit_event");
      await client.query("INSERT INTO relata.audit_event SELECT * FROM keep");
      await client.query("DROP TABLE keep");
      return problems;
    });
    expect(await read()).toEqual(before);
    return found;
  }

  function verify(events: readonly SealedEvent[], end?: { readonly seq: number; readonly hash: Uint8Array }) {
    const verifier = new ChainVerifier({ chain: tenant.id, publicKeys: [KEY.publicKey] });
    for (const event of events) verifier.take(event);
    return verifier.reportToEnd(end).problems.map(({ seq, problem }) => `${seq} ${problem}`);
  }

  const at = (seq: number) => `chain = '${tenant.id}' AND seq = ${seq}`;

  it("is intact as it was written: the first event tells of the tenant, the others of each write", async () => {
    const events = await read();
    expect(events.map(({ event }) => event)).toEqual(["tenant.created", ...Array(6).fill("tuples.written")]);
    expect(verify(events, await opened.store.audit.head(tenant.id))).toEqual([]);
    expect(Buffer.from(events[1]?.personal ?? []).toString()).toContain('"create document:d0#viewer@user:u0"');
    expect(events[1]?.actor).toBe(ORIGIN.actor);
  });

  it("tells of a flipped byte of a body", async () => {
    const sql = `UPDATE relata.audit_event SET body = set_byte(body, 60, get_byte(body, 60) # 1) WHERE ${at(3)}`;
    expect(await afterTampering(sql)).toContain("3 hash_mismatch");
  });

  it("tells of a flipped byte of a hash, and of what was sealed to it", async () => {
    const sql = `UPDATE relata.audit_event SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE ${at(3)}`;
    expect(await afterTampering(sql)).toEqual(["3 hash_mismatch", "4 hash_mismatch"]);
  });

  it("tells of a flipped byte of what is personal", async () => {
    const sql = `UPDATE relata.audit_event SET personal = set_byte(personal, 5, get_byte(personal, 5) # 1) WHERE ${at(3)}`;
    expect(await afterTampering(sql)).toEqual(["3 personal_mismatch"]);
  });

  it("tells of a column that says something else than the bytes", async () => {
    expect(await afterTampering(`UPDATE relata.audit_event SET actor = 'somebody' WHERE ${at(3)}`)).toEqual([
      "3 column_mismatch",
    ]);
    expect(await afterTampering(`UPDATE relata.audit_event SET actor = NULL WHERE ${at(3)}`)).toEqual([
      "3 column_mismatch",
    ]);
    expect(await afterTampering(`UPDATE relata.audit_event SET event = 'tuples.deleted' WHERE ${at(3)}`)).toEqual([
      "3 column_mismatch",
    ]);
  });

  it("tells of personal parts that nobody said were erased", async () => {
    const sql = `UPDATE relata.audit_event SET actor = NULL, personal = NULL, personal_salt = NULL WHERE ${at(3)}`;
    expect(await afterTampering(sql)).toEqual(["3 personal_missing"]);
  });

  it("tells of a removed event", async () => {
    expect(await afterTampering(`DELETE FROM relata.audit_event WHERE ${at(3)}`)).toEqual(["3 missing"]);
  });

  it("tells of two events that changed places", async () => {
    const sql = `UPDATE relata.audit_event SET seq = 7 - seq WHERE chain = '${tenant.id}' AND seq IN (3, 4)`;
    expect(await afterTampering(sql)).toEqual(expect.arrayContaining(["3 reordered", "4 reordered"]));
  });

  it("tells of an inserted event", async () => {
    const sql = `INSERT INTO relata.audit_event SELECT chain, seq, recorded_at + interval '1 microsecond', event, request_id, body,
      hash, actor, personal, personal_salt FROM relata.audit_event WHERE ${at(3)}`;
    expect(await afterTampering(sql)).toContain("3 inserted");
  });

  it("tells of an event behind the head", async () => {
    const sql = `INSERT INTO relata.audit_event SELECT chain, 8, recorded_at, event, request_id, body,
      hash, actor, personal, personal_salt FROM relata.audit_event WHERE ${at(7)}`;
    expect(await afterTampering(sql)).toEqual(expect.arrayContaining(["8 reordered", "8 hash_mismatch", "8 inserted"]));
  });

  it("tells of another chain's event", async () => {
    const sql = `UPDATE relata.audit_event mine SET body = theirs.body, hash = theirs.hash, personal = theirs.personal,
      personal_salt = theirs.personal_salt FROM relata.audit_event theirs
      WHERE mine.${at(3)} AND theirs.chain = $1 AND theirs.seq = 3`.replace("AND seq", "AND mine.seq");
    expect(await afterTampering(sql, [other.id])).toEqual(expect.arrayContaining(["3 foreign", "3 hash_mismatch"]));
  });

  it("tells of a cut tail, by the database's own head", async () => {
    expect(await afterTampering(`DELETE FROM relata.audit_event WHERE chain = '${tenant.id}' AND seq > 4`)).toEqual([
      "7 cut_tail",
    ]);
  });

  it("tells of a cut tail by a signed head alone, and of a head that nobody signed", async () => {
    const events = await read();
    const last = events.at(-1) as SealedEvent;
    const head = signHead(KEY, { chain: tenant.id, seq: last.seq, hash: last.hash, signedAtMs: 0 });
    const against = (heads: readonly (typeof head)[], upTo: number) => {
      const options = { chain: tenant.id, heads, publicKeys: [KEY.publicKey], requireSignatures: true };
      const verifier = new ChainVerifier(options);
      for (const event of events.slice(0, upTo)) verifier.take(event);
      return verifier.reportToEnd().problems.map(({ seq, problem }) => `${seq} ${problem}`);
    };
    expect(against([head], 7)).toEqual([]);
    expect(against([head], 4)).toEqual(["7 cut_tail"]);
    expect(against([{ ...head, signedAtMs: 1 }], 7)).toEqual(["7 bad_signature"]);
    expect(against([{ ...head, signature: Buffer.alloc(0) }], 7)).toEqual(["7 bad_signature"]);
    const forked = signHead(KEY, { ...head, hash: Buffer.alloc(32) });
    expect(against([forked], 7)).toEqual(["7 head_mismatch"]);
    expect(against([signHead(KEY, { ...head, chain: other.id })], 7)).toEqual(["7 foreign"]);
  });

  it("costs a write two statements and no round trip", async () => {
    const third = await createTenant(opened.store);
    flights = [];
    await opened.store.tuples.write(
      third,
      draft(["create document:d#viewer@user:u", "create document:e#viewer@user:u"]),
    );
    const ofAudit = (name: string) => name.includes("audit");
    expect(flights.flat().filter(ofAudit)).toEqual(["lock_audit_chain", "insert_audit_event"]);
    expect(flights.filter((flight) => flight.some(ofAudit))).toHaveLength(2);
    for (const flight of flights) expect(flight.some((name) => !ofAudit(name) && /tuple|head/.test(name))).toBe(true);
  });

  it("takes from the service's role only what continues it, and nothing back", async () => {
    await withClient(opened.database.app, async (client) => {
      const as = async (sql: string) => {
        await client.query("BEGIN");
        await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
        const said = await client.query(sql).then(
          () => "done",
          (error: Error) => error.message,
        );
        await client.query("ROLLBACK");
        return said;
      };
      const again = `INSERT INTO relata.audit_event SELECT chain, seq + 1, recorded_at, event, request_id, body, hash, actor,
        personal, personal_salt FROM relata.audit_event WHERE ${at(7)}`;
      expect(await as(again)).toContain("does not continue the audit chain");
      for (const sql of ["UPDATE relata.audit_event SET actor = NULL", "DELETE FROM relata.audit_event"])
        expect(await as(sql)).toContain("permission denied");
      expect(await as("TRUNCATE relata.audit_event")).toContain("permission denied");
      expect(await as("UPDATE relata.audit_chain SET seq = 1")).toContain("permission denied");
    });
  });
});
