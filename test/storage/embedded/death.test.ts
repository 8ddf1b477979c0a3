import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, constants, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Account, firstUnsearchable, serverAccount } from "../../../src/storage/embedded/account.ts";
import { startEmbeddedPostgres } from "../../../src/storage/embedded/launch.ts";
import { type DataDirs, prepareDataDirs } from "../../support/data-dir.ts";
import { spawnEmbedded } from "../../support/embedded-child.ts";
import { withClient } from "../../support/postgres-template.ts";
import { processesNaming } from "../../support/processes.ts";
import { createTempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait.ts";

const nothingLeft = (dataDir: string) =>
  waitFor(`no process names ${dataDir}`, async () => (await processesNaming(dataDir)).length === 0);

let dataDirs: DataDirs;
beforeAll(async () => {
  dataDirs = await prepareDataDirs();
});
afterAll(() => dataDirs[Symbol.asyncDispose]());

describe("PostgreSQL and the death of its parent", () => {
  it("ends after SIGKILL of the parent", async () => {
    await using directory = await dataDirs.create();
    await using parent = await spawnEmbedded(directory.path);
    expect((await processesNaming(directory.path)).map((each) => each.pid)).toContain(parent.pid);
    await parent.kill();
    await nothingLeft(directory.path);
  });

  it("ends after Ctrl-C, which a terminal sends to the whole process group", async () => {
    await using directory = await dataDirs.create();
    await using parent = await spawnEmbedded(directory.path, { detached: true });
    const shutdown = withClient(parent.connection, async (client) => {
      const lost = new Promise<unknown>((resolve) => client.on("error", resolve));
      process.kill(-Number(parent.child.pid), "SIGINT");
      return await lost;
    });
    // Stopped in order, not torn down: 57P01 is what a fast shutdown tells its clients.
    expect(await shutdown).toMatchObject({ code: "57P01" });
    await nothingLeft(directory.path);
  });

  it("is waited for by a start right behind the kill", async () => {
    await using directory = await dataDirs.create();
    await using parent = await spawnEmbedded(directory.path);
    // Much to write makes the shutdown slow.
    const fill = "CREATE TABLE filled AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 50000) AS n";
    await withClient(parent.connection, (client) => client.query(fill));
    await parent.kill();
    const next = await startEmbeddedPostgres({ dataDir: directory.path, durable: false });
    await next.stop();
  });

  it("recovers after everything was killed at once", async () => {
    await using directory = await dataDirs.create();
    await using parent = await spawnEmbedded(directory.path, { durable: true });
    await withClient(parent.connection, (client) => client.query("CREATE TABLE kept AS SELECT 42 AS answer"));
    await killAll(directory.path, parent.pid);
    await parent.kill();
    await using again = await spawnEmbedded(directory.path);
    const { rows } = await withClient(again.connection, (client) => client.query("SELECT answer FROM kept"));
    expect(rows).toEqual([{ answer: 42 }]);
    await again.kill();
    await nothingLeft(directory.path);
  });

  // As after a restart of the machine; and as in a container whose first process buries nobody.
  it.runIf(process.platform === "linux").each([
    ["the process that has its old id", stranger],
    ["its own zombie", zombie],
  ])("does not take %s for itself", async (_, spawnOther) => {
    await using directory = await dataDirs.create();
    await using parent = await spawnEmbedded(directory.path);
    await killAll(directory.path, parent.pid);
    await parent.kill();
    const other = await spawnOther(directory.path, await serverAccount());
    try {
      const file = join(directory.path, "pgdata", "postmaster.pid");
      await writeFile(file, (await readFile(file, "utf8")).replace(/^\d+/, String(other.pid)));
      const next = await startEmbeddedPostgres({ dataDir: directory.path, durable: false });
      await next.stop();
    } finally {
      other.child.kill();
    }
  });

  it("works for an ordinary user", async (context) => {
    const account = await serverAccount();
    if (account === undefined) return context.skip("not root: every other test is run by an ordinary user");
    const closed = await firstUnsearchable(import.meta.dirname, account);
    if (closed !== undefined) context.skip(`the project lies below ${closed}, closed to ${account.name}`);
    await using directory = await createTempDir();
    const dataDir = join(directory.path, "theirs");
    await mkdir(dataDir, { mode: 0o755 });
    await chown(dataDir, account.uid, account.gid);
    await using parent = await spawnEmbedded(dataDir, { uid: account.uid, gid: account.gid, cwd: "/" });
    await access(join(dataDir, "pgdata", "PG_VERSION"), constants.R_OK);
    await parent.kill();
    await nothingLeft(dataDir);
  });
});

/** The parent, the watchdog's process group (the server is in it) and the backends, none of which can react. */
async function killAll(dataDir: string, postgresPid: number): Promise<void> {
  const all = await processesNaming(dataDir);
  const group = all.find(({ pid }) => pid === postgresPid)?.group;
  if (group === undefined) throw new Error(`no process ${postgresPid}`);
  process.kill(-group, "SIGKILL");
  for (const { pid } of all.filter((each) => each.group !== group)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // A backend that ended with its postmaster.
    }
  }
}

/** Of the server's account, which alone PostgreSQL takes seriously. */
async function stranger(_: string, account: Account | undefined) {
  const child = spawn("sleep", ["60"], { ...(account && { uid: account.uid, gid: account.gid }) });
  return { child, pid: child.pid };
}

/**
 * A process called postgres that has ended, whose parent does not ask how. It is killed only once its parent is no shell
 * any more: a shell would have buried it.
 */
async function zombie(directory: string, account: Account | undefined) {
  await symlink("/bin/sleep", join(directory, "postgres"));
  const child = spawn("/bin/sh", ["-c", '"$0/postgres" 60 & echo $!; exec sleep 60', directory], {
    ...(account && { uid: account.uid, gid: account.gid }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout, "data");
  const pid = Number(said);
  const stat = (id: number | undefined) => readFile(`/proc/${id}/stat`, "utf8");
  await waitFor(
    "both to be what they shall be",
    async () => (await stat(child.pid)).includes("(sleep)") && (await stat(pid)).includes("(postgres)"),
  );
  process.kill(pid, "SIGKILL");
  await waitFor("the process is a zombie", async () => / Z /.test(await stat(pid)));
  return { child, pid };
}
