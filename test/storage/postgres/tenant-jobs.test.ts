import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../../src/log.ts";
import { PLATFORM_CHAIN } from "../../../src/model/audit.ts";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { createJobKeeper, type JobKeeper } from "../../../src/service/tenant-life/job-keeper.ts";
import { openMaintenance } from "../../../src/storage/postgres/maintenance.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import type { TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { waitFor } from "../../support/wait.ts";
import { createTenant, draft, ORIGIN } from "../drafts.ts";
import { waitersOf } from "./lock-waiters.ts";
import { openStore } from "./open.ts";
import { asTenant, rowsOf } from "./tenant-rows.ts";

let database: TestDatabase;
let store: ServingStore;
/** Another process's. */
let second: ServingStore;
/** Of a process without the address of the maintenance role. */
let plain: ServingStore;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, database, close } = await openStore());
  second = await createPostgresStore({ connection: database.app, maintenance: database.maintenance });
  plain = await createPostgresStore({ connection: database.app });
});
afterAll(async () => {
  await plain.close();
  await second.close();
  await close();
});

interface Line {
  readonly keeper: string;
  readonly level: string;
  readonly stage?: string;
}

function keepers(log: Line[], lookEveryMs = 3_600_000): readonly JobKeeper[] {
  return [store, second].map(({ life }, index) => {
    const note = (line: string) => {
      log.push({ keeper: `keeper ${index}`, ...(JSON.parse(line) as { level: string }) });
    };
    const logger = createLogger({ level: "debug", destination: { write: note } });
    return createJobKeeper({ life, settleMs: 300, log: logger, lookEveryMs });
  });
}

async function written(): Promise<Tenant> {
  const tenant = await createTenant(store);
  const updates = Array.from({ length: 50 }, (_, at) => `create document:${at}#viewer@user:anne`);
  await store.tuples.write(tenant, draft(updates));
  return tenant;
}

const isDone = async ({ id }: Tenant) => (await store.life.job(id))?.stage === "done";

describe("jobs of tenants", () => {
  it("are run by one process, however many are asked at once", async () => {
    const log: Line[] = [];
    const both = keepers(log);
    const tenants = [await written(), await written()];
    for (const { id } of tenants) await store.life.beginMove(id, "own", ORIGIN);
    const askAll = () => {
      for (const { id } of tenants) for (const keeper of both) keeper.goOn(id);
    };
    const asking = setInterval(askAll, 5);
    for (const tenant of tenants) await waitFor("the move", () => isDone(tenant));
    clearInterval(asking);
    await Promise.all(both.map((keeper) => keeper.close()));
    for (const { id } of tenants) {
      const stages = log.filter((line) => JSON.stringify(line).includes(id)).flatMap(({ stage }) => stage ?? []);
      // Asked once more when all is done, a process says so and does nothing.
      expect(stages.filter((stage) => stage !== "done")).toEqual(["prepare", "copy", "follow", "mirror", "clear"]);
      const { tuples } = await rowsOf(database, id);
      expect([...tuples.values()].map((rows) => rows.length)).toEqual([50]);
    }
    expect(log.filter(({ level }) => level === "warn")).toEqual([]);
  });

  it("are taken up by another process when the one at them is gone", async () => {
    const tenant = await written();
    await store.life.beginMove(tenant.id, "own", ORIGIN);
    const log: Line[] = [];
    // Nobody asks: they look for jobs that nobody is at.
    const both = keepers(log, 20);
    await waitFor("the copy", () => log.some(({ stage }) => stage === "copy"));
    const first = log.find(({ stage }) => stage === "copy")?.keeper;
    await both[first === "keeper 0" ? 0 : 1]?.close();
    await waitFor("the move", () => isDone(tenant));
    await Promise.all(both.map((keeper) => keeper.close()));
    expect(log.some(({ keeper, stage }) => keeper !== first && stage === "done")).toBe(true);
  });

  it("get their turn, however many older ones fail again and again", async () => {
    const tenants = await Promise.all(Array.from({ length: 5 }, () => createTenant(store)));
    for (const { id } of tenants) await store.life.beginMove(id, "own", ORIGIN);
    const [last, ...stuck] = tenants.toReversed().map(({ id }) => id);
    const setJobs = (stage: string) => {
      // With nowhere to go to it fails, at once and always.
      const sql = "UPDATE relata.tenant_job SET stage = $2 WHERE tenant_id = ANY ($1)";
      return asTenant(database, last ?? "", (client) => client.query(sql, [stuck, stage]));
    };
    await setJobs("clear");
    const log: Line[] = [];
    const [keeper, idle] = keepers(log, 30);
    await waitFor("the last one's move", async () => (await store.life.job(last ?? ""))?.stage === "done");
    await Promise.all([keeper?.close(), idle?.close()]);
    await setJobs("done");
    expect(log.filter(({ level }) => level === "warn").length).toBeGreaterThanOrEqual(stuck.length);
  });

  it.each(["move", "removal"] as const)(
    "let others finish with the tenant's state before a %s locks its record",
    async (kind) => {
      const { id } = await written();
      if (kind === "move") await store.life.beginMove(id, "own", ORIGIN);
      else await store.life.beginOffboard(id, ORIGIN);
      await withClient(database.maintenance, async (client) => {
        await client.query("BEGIN; SET LOCAL lock_timeout = '100ms'");
        await client.query(
          "SELECT set_config('relata.tenant_id', $1, true), set_config('relata.registry', 'open', true)",
          [id],
        );
        // As suspending and resuming do.
        await client.query("SELECT FROM relata.tenant WHERE id = $1 FOR NO KEY UPDATE", [id]);
        const running = store.life.run(id, { settleMs: 0 });
        await waitFor("the job to come to the tenant's row", async () => (await waitersOf(client)) === 1);
        await client.query("SELECT relata.lock_audit_chain($1), relata.lock_audit_chain($2)", [id, PLATFORM_CHAIN]);
        await client.query("COMMIT");
        expect((await running)?.stage).toBe("done");
      });
    },
  );

  it("take a maintenance connection, and a process that has none says which setting is missing", async () => {
    const tenant = await written();
    const missing = {
      reason: "MAINTENANCE_UNAVAILABLE",
      message: expect.stringMatching(/maintenanceDatabaseUrl \(RELATA_MAINTENANCE_DATABASE_URL\).*relata_maintenance/),
    };
    expect(plain.life.canMaintain).toBe(false);
    await expect(plain.life.beginMove(tenant.id, "own", ORIGIN)).rejects.toMatchObject(missing);
    await expect(plain.life.beginOffboard(tenant.id, ORIGIN)).rejects.toMatchObject(missing);
    await expect(plain.life.run(tenant.id, { settleMs: 0 })).rejects.toMatchObject(missing);
    expect(await store.life.job(tenant.id)).toBeUndefined();
    // What takes no such role works there as well.
    expect(await plain.life.setState(tenant.id, "suspended", ORIGIN)).toMatchObject({ state: "suspended" });
    expect((await plain.life.usage(tenant, 1)).tuples).toEqual({ number: 50, counted: true });
  });

  it("lose their locks within seconds when their process is frozen, however long a statement may take", async () => {
    const show = { name: "", text: "SHOW idle_in_transaction_session_timeout", values: [] };
    const { maintenance } = database;
    const [[shown]] = await openMaintenance({ maintenance }, undefined).session((session) =>
      session.transact({ kind: "heads" }, (send) => send([show])),
    );
    expect(shown).toEqual({ idle_in_transaction_session_timeout: "10s" });
  });

  it("refuse a role that row security does not bind", async () => {
    const unfit = await createPostgresStore({ connection: database.app, maintenance: database.owner });
    await expect(unfit.life.unfinished(1)).rejects.toMatchObject({ reason: "STORE_UNFIT" });
    await unfit.close();
  });
});
