import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from "../../../src/storage/embedded/launch.ts";
import { isAlive } from "../../../src/storage/embedded/process.ts";
import { type DataDirs, prepareDataDirs } from "../../support/data-dir.ts";
import { connectionTo } from "../../support/postgres-connection.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTempDir } from "../../support/temp-dir.ts";

async function start(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}) {
  const server = await startEmbeddedPostgres({ dataDir, durable: false, ...options });
  const query = (sql: string) =>
    withClient(connectionTo(server.connection), async (client) => (await client.query(sql)).rows);
  return { ...server, query, [Symbol.asyncDispose]: () => server.stop() };
}

let dataDirs: DataDirs;
beforeAll(async () => {
  dataDirs = await prepareDataDirs();
});
afterAll(() => dataDirs[Symbol.asyncDispose]());

describe("startEmbeddedPostgres", () => {
  it("starts, stops, and finds its data again", async () => {
    await using directory = await createTempDir();
    const first = await start(directory.path);
    await first.query("CREATE TABLE kept AS SELECT 42 AS answer");
    await Promise.all([first.stop(), first.stop()]);
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(await first.ended).toContain("database system is shut down");
    await using second = await start(directory.path);
    expect(await second.query("SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  });

  it("listens on no port, and gives up durability only when told to", async () => {
    await using directory = await dataDirs.create();
    const show = `SELECT name, setting FROM pg_settings
      WHERE name IN ('listen_addresses', 'fsync', 'max_connections', 'TimeZone') ORDER BY name`;
    const durable = await start(directory.path, { durable: true, settings: { max_connections: "17" } });
    expect(await durable.query(show)).toEqual([
      { name: "TimeZone", setting: "UTC" },
      { name: "fsync", setting: "on" },
      { name: "listen_addresses", setting: "" },
      { name: "max_connections", setting: "17" },
    ]);
    await durable.stop();
    await using forgetful = await start(directory.path);
    expect(await forgetful.query(show)).toContainEqual({ name: "fsync", setting: "off" });
  });

  it("moves the socket to a short path when the data directory's is too long", async () => {
    await using directory = await createTempDir();
    const server = await start(join(directory.path, "x".repeat(60)));
    expect(server.connection.host).toMatch(/^\/tmp\/relata-[0-9a-f]{16}$/);
    expect(await server.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await server.stop();
    expect(existsSync(server.connection.host)).toBe(false);
  });

  it("refuses a second server on the same directory, naming the first", async () => {
    await using directory = await dataDirs.create();
    await using server = await start(directory.path);
    await expect(start(directory.path)).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
      message: expect.stringContaining(`another PostgreSQL (pid ${server.pid}) is running on ${directory.path}`),
    });
    expect(await server.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("lets one of several that start a new directory at once win, and leaves no half cluster", async () => {
    await using directory = await createTempDir();
    const outcomes = await Promise.allSettled([start(directory.path), start(directory.path), start(directory.path)]);
    const winners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const losers = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
    expect(winners).toHaveLength(1);
    for (const reason of losers) expect(reason).toContain(`another PostgreSQL (pid ${winners[0]?.pid}) is running`);
    expect(await winners[0]?.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await winners[0]?.stop();
    expect((await readdir(directory.path)).filter((entry) => entry.startsWith("pgdata"))).toEqual(["pgdata"]);
  });

  it("passes on why PostgreSQL would not start", async () => {
    await using directory = await dataDirs.create();
    await expect(start(directory.path, { settings: { no_such_setting: "1" } })).rejects.toThrow(
      /PostgreSQL cannot start on .*: unrecognized configuration parameter "no_such_setting"/,
    );
  });

  it("says so when the programs are not where it was told", async () => {
    await using directory = await createTempDir();
    await expect(start(directory.path, { binDir: "/usr/include" })).rejects.toThrow(
      "/usr/include does not hold PostgreSQL's programs",
    );
  });

  it("names what is missing on a system without glibc", async () => {
    await using directory = await createTempDir("disk");
    // The kernel answers ENOENT to a program whose loader does not exist.
    for (const program of ["initdb", "postgres"]) {
      await writeFile(join(directory.path, program), "#!/lib/ld-of-another-libc.so\n", { mode: 0o755 });
    }
    await expect(start(join(directory.path, "data"), { binDir: directory.path })).rejects.toThrow("built for glibc");
  });

  it("says which directory PostgreSQL cannot pass", async () => {
    await using directory = await createTempDir();
    const closed = join(directory.path, "closed");
    await mkdir(closed);
    await chmod(closed, process.getuid?.() === 0 ? 0o700 : 0o500);
    await expect(start(join(closed, "data"))).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
      message: expect.stringContaining(closed),
    });
  });
});
