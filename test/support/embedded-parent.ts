// A process that starts PostgreSQL on the directory named by its argument, says so in one line of JSON, and waits for
// its death. Tests kill it.
import { startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";

const [dataDir = "", durable] = process.argv.slice(2);
try {
  const { connection, pid } = await startEmbeddedPostgres({ dataDir, durable: durable === "durable" });
  console.log(JSON.stringify({ connection, pid }));
  setInterval(() => {}, 60_000);
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  process.exitCode = 1;
}
