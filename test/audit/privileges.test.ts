import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLATFORM_CHAIN } from "../../src/model/audit.ts";
import { checkDatabase } from "../../src/storage/postgres/boot-check.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { withClient } from "../support/postgres-template.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe("SQL of the service's role", () => {
  const mine = randomUUID();
  const theirs = randomUUID();
  beforeAll(async () => {
    for (const chain of [mine, theirs]) await locking(chain, { tenant_id: chain }, true);
    await locking(PLATFORM_CHAIN, { registry: "open" }, true);
  });

  /** What locking a chain comes to, with `relata.…` announced. */
  function locking(chain: string, announced: Readonly<Record<string, string>>, keep = false): Promise<string> {
    return withClient(database.app, async (client) => {
      await client.query("BEGIN");
      for (const [name, value] of Object.entries(announced))
        await client.query("SELECT set_config($1, $2, true)", [`relata.${name}`, value]);
      const said = await client.query("SELECT seq FROM relata.lock_audit_chain($1)", [chain]).then(
        ({ rowCount }) => `${rowCount} locked`,
        (error: Error) => error.message,
      );
      await client.query(keep ? "COMMIT" : "ROLLBACK");
      return said;
    });
  }

  it("locks the chain that is announced, and the platform's where the registry is open", async () => {
    expect(await locking(mine, { tenant_id: mine })).toBe("1 locked");
    expect(await locking(PLATFORM_CHAIN, { tenant_id: mine, registry: "open" })).toBe("1 locked");
  });

  it.each(["retention", "open", "heads", "trust", ""])(
    "with relata.registry = '%s' announced neither locks, reads nor makes another tenant's chain",
    async (registry) => {
      for (const chain of [theirs, randomUUID(), ...(registry === "open" ? [] : [PLATFORM_CHAIN])]) {
        expect(await locking(chain, { tenant_id: mine, registry })).toBe(`the audit chain ${chain} is not announced`);
        expect(await locking(chain, { registry })).toBe(`the audit chain ${chain} is not announced`);
      }
    },
  );

  it("sees no head, event, checkpoint or decision of others by announcing retention", async () => {
    await withClient(database.app, async (client) => {
      await client.query("SELECT set_config('relata.tenant_id', $1, false)", [mine]);
      await client.query("SELECT set_config('relata.registry', 'retention', false)");
      expect((await client.query("SELECT chain FROM relata.audit_chain")).rows).toEqual([{ chain: mine }]);
      for (const table of ["audit_event", "audit_checkpoint", "decision"])
        expect((await client.query(`SELECT FROM relata.${table}`)).rowCount).toBe(0);
    });
  });

  it("runs none of the functions that only the maintenance role is for", async () => {
    await withClient(database.app, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT p.proname AS name FROM pg_proc p WHERE p.pronamespace = 'relata'::regnamespace
         AND p.proname ~ 'audit' AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1`,
      );
      expect(rows.map(({ name }) => name)).toEqual(["ensure_audit_partitions", "lock_audit_chain"]);
    });
  });
});

describe("the check at start refuses", () => {
  const refusal = () =>
    checkDatabase({ ...database.app }).then(
      () => "accepted",
      (error: Error) => error.message,
    );
  const month = async () => {
    const { rows } = await withClient(database.owner, (client) =>
      client.query(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'relata.audit_event'::regclass ORDER BY 1",
      ),
    );
    return String(rows[0].name);
  };
  const CONTINUE = `CREATE OR REPLACE FUNCTION relata.continue_audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$`;

  it("nothing of what the migrations make", async () => {
    expect(await refusal()).toBe("accepted");
  });

  it.each([
    [
      "TRUNCATE of events",
      "GRANT TRUNCATE ON relata.audit_event TO relata_app",
      "REVOKE TRUNCATE ON relata.audit_event FROM relata_app",
      "may TRUNCATE audit_event",
    ],
    [
      "DELETE of events",
      "GRANT DELETE ON relata.audit_event TO relata_app",
      "REVOKE DELETE ON relata.audit_event FROM relata_app",
      "may DELETE audit_event",
    ],
    [
      "UPDATE of events",
      "GRANT UPDATE ON relata.audit_event TO relata_app",
      "REVOKE UPDATE ON relata.audit_event FROM relata_app",
      "may UPDATE of every column audit_event",
    ],
    [
      "UPDATE of one column",
      "GRANT UPDATE (actor) ON relata.audit_event TO relata_app",
      "REVOKE UPDATE (actor) ON relata.audit_event FROM relata_app",
      "may UPDATE columns of audit_event, and could change what is on record; REVOKE it.",
    ],
    [
      "UPDATE of a head",
      "GRANT UPDATE (seq) ON relata.audit_chain TO relata_app",
      "REVOKE UPDATE (seq) ON relata.audit_chain FROM relata_app",
      "may UPDATE columns of audit_chain",
    ],
    [
      "new heads",
      "GRANT INSERT ON relata.audit_chain TO relata_app",
      "REVOKE INSERT ON relata.audit_chain FROM relata_app",
      "may INSERT into audit_chain",
    ],
    [
      "new checkpoints",
      "GRANT INSERT ON relata.audit_checkpoint TO PUBLIC",
      "REVOKE INSERT ON relata.audit_checkpoint FROM PUBLIC",
      "may INSERT into audit_checkpoint",
    ],
    [
      "a trigger that is disabled",
      "ALTER TABLE relata.audit_event DISABLE TRIGGER continue_chain",
      "ALTER TABLE relata.audit_event ENABLE TRIGGER continue_chain",
      /Triggers of audit_event are missing, disabled .*: continue_chain\./,
    ],
    [
      "a trigger that is gone",
      "DROP TRIGGER refuse_truncate ON relata.audit_event",
      "CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON relata.audit_event FOR EACH STATEMENT EXECUTE FUNCTION relata.refuse_audit_change()",
      /Triggers of audit_event .*: refuse_truncate\./,
    ],
    [
      "a trigger of another function",
      "CREATE OR REPLACE TRIGGER continue_chain AFTER INSERT ON relata.audit_event FOR EACH ROW EXECUTE FUNCTION relata.refuse_audit_change()",
      "CREATE OR REPLACE TRIGGER continue_chain AFTER INSERT ON relata.audit_event FOR EACH ROW EXECUTE FUNCTION relata.continue_audit_chain()",
      /Triggers of audit_event .*: continue_chain\./,
    ],
  ])("%s", async (_, change, undo, message) => {
    await withClient(database.owner, (client) => client.query(change));
    try {
      expect(await refusal()).toMatch(message);
    } finally {
      await withClient(database.owner, (client) => client.query(undo));
    }
    expect(await refusal()).toBe("accepted");
  });

  it("a month whose trigger is disabled", async () => {
    const name = await month();
    await withClient(database.owner, (client) => client.query(`ALTER TABLE ${name} DISABLE TRIGGER refuse_change`));
    expect(await refusal()).toMatch(new RegExp(`Triggers of ${name.replace("relata.", "")} .*: refuse_change`));
    await withClient(database.owner, (client) => client.query(`ALTER TABLE ${name} ENABLE TRIGGER refuse_change`));
  });

  it("sessions whose triggers do not fire", async () => {
    const role = database.superuser;
    if (role === undefined) throw new Error("only a superuser can set this");
    const set = `ALTER ROLE relata_app IN DATABASE ${database.name}`;
    await withClient(role, (client) => client.query(`${set} SET session_replication_role = replica`));
    expect(await refusal()).toContain("session_replication_role is replica, and triggers do not fire");
    await withClient(role, (client) => client.query(`${set} RESET session_replication_role`));
  });

  it("a function that lets any event in", async () => {
    const { rows } = await withClient(database.owner, (client) =>
      client.query("SELECT prosrc FROM pg_proc WHERE oid = 'relata.continue_audit_chain'::regproc"),
    );
    await withClient(database.owner, (client) => client.query(`${CONTINUE} BEGIN RETURN NULL; END $$`));
    expect(await refusal()).toContain("The audit takes in events that continue no chain");
    await withClient(database.owner, (client) => client.query(`${CONTINUE}${rows[0].prosrc}$$`));
    expect(await refusal()).toBe("accepted");
  });
});
