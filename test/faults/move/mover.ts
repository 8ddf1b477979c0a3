// A process that goes on with a tenant's move, and says at each stage where it is before it goes on: node mover.ts <tenant id> <settle ms>
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { RelataError } from "../../../src/errors.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";

const [tenantId = "", settleMs = ""] = process.argv.slice(2);
const { APP_URL, MAINTENANCE_URL } = process.env;
// The test is gone.
process.on("disconnect", () => process.exit(1));

const store = await createPostgresStore({
  connection: { connectionString: APP_URL },
  maintenance: { connectionString: MAINTENANCE_URL },
});
process.send?.({ ready: true });
await new Promise<void>((resolve) => process.once("message", () => resolve()));
const job = await run();
await new Promise((resolve) => process.send?.({ stage: job?.stage }, resolve));
process.disconnect();
await store.close();

/** What a killed predecessor was at may go on for a moment in the database, and nobody else is let near it for so long. */
async function run() {
  for (;;) {
    try {
      return await store.life.run(tenantId, { settleMs: Number(settleMs), onStage });
    } catch (error) {
      if (!(error instanceof RelataError) || error.reason !== "TENANT_STATE") throw error;
      await sleep(5);
    }
  }
}

async function onStage({ stage }: { readonly stage: string }): Promise<void> {
  if (stage === "done") return;
  const goOn = new Promise<void>((resolve) => process.once("message", () => resolve()));
  process.send?.({ stage });
  await goOn;
}
