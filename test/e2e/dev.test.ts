import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesNaming } from "../support/processes.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";
import { type DevProcess, EPHEMERAL, olderNode, pastedFrom, ROOT, run, startDev, userEnv } from "./dev-process.ts";

const CHANGED = "The tenant has changed since it held the example";

/** The story of one data directory, in order: each part starts where the one before it left off. */
describe("relata dev", () => {
  let dir: TempDir;
  let flags: readonly string[];
  let dev: DevProcess;
  let firstToken = "";
  const direct = [process.execPath, "src/main.ts", "dev"];

  beforeAll(async () => {
    dir = await createTempDir();
    flags = ["--data-dir", join(dir.path, "data"), ...EPHEMERAL];
  });
  afterAll(async () => {
    // Only what a failing test has left.
    for (const { pid } of await processesNaming(dir.path)) process.kill(pid, "SIGKILL");
    await dir[Symbol.asyncDispose]();
  });

  const nothingLeft = () =>
    waitFor(
      "every process of the data directory ends",
      async () => (await processesNaming(dir.path)).length === 0,
      20_000,
    );
  const postgres = async () => (await processesNaming(dir.path)).filter(({ command }) => command.includes("postgres"));
  /** As `npx relata`, which the lines to paste begin with, and without the second that npx takes. */
  const relata = (line: string, env = userEnv()) => run(`${process.execPath} bin/relata.js ${line}`, env);
  const tokenFile = () => join(dir.path, "data", "token");
  const check = (subject: string) => {
    const server = /gRPC +(\S+)/.exec(dev.stdout())?.[1];
    return relata(`check document:roadmap view ${subject} --server ${server} --token-file ${tokenFile()}`);
  };

  test("starts, and what it says to paste answers as it says", { timeout: 90_000 }, async () => {
    dev = startDev(direct, flags);
    await dev.ready();
    const pasted = pastedFrom(dev.stdout());
    expect(pasted.map(({ answer }) => answer)).toEqual([
      "allowed",
      "denied",
      "denied, and all that was tried",
      '{"decision":"DECISION_ALLOWED", …}',
      "DECISION_ALLOWED",
    ]);
    const curl = (await run("command -v curl")).exit === 0;
    for (const { command, answer } of pasted) {
      if (command.startsWith("curl") && !curl) {
        console.warn("skipped a line: curl is not installed here");
        continue;
      }
      const { stdout, exit, stderr } = await run(command);
      const tree = answer.endsWith("all that was tried");
      if (tree) expect(stdout).toMatch(/\n✗ document:\w+#\w+\n(?:[ │├└].*\n)+$/);
      const text = (tree ? stdout.slice(0, stdout.indexOf("\n")) : stdout).trim();
      const said = answer.startsWith("{") ? JSON.parse(stdout).decision : text;
      const expected = answer.startsWith("{") ? "DECISION_ALLOWED" : tree ? "denied" : answer;
      expect({ command, said, stderr: said === expected ? "" : stderr }).toEqual({
        command,
        said: expected,
        stderr: "",
      });
      expect(exit).toBe(answer.startsWith("denied") ? 1 : 0);
    }
  });

  test("keeps its secrets in files nobody else can read", async () => {
    for (const name of ["token", "operator-token", "token-keys.json", "audit-keys.json", "issuer.json"]) {
      const { mode } = await stat(join(dir.path, "data", name));
      expect(`${name} ${(mode & 0o777).toString(8)}`).toBe(`${name} 600`);
    }
    firstToken = (await readFile(tokenFile(), "utf8")).trim();
    expect(dev.stdout()).toContain(firstToken);
  });

  test("refuses a second one on the same data, and says where the first serves", async () => {
    const second = startDev(direct, flags);
    expect(await second.ended).toBe(2);
    expect(second.stderr()).toMatch(
      /already runs on this data directory: process \d+, gRPC 127\.0\.0\.1:\d+[\s\S]*--data-dir/,
    );
    expect(second.stderr()).not.toContain("    at ");
    expect(second.stderr()).toContain(String(dev.pid));
  });

  test("kill -9 leaves no PostgreSQL, and the next start (npm start) finds data and token", {
    timeout: 90_000,
  }, async () => {
    const server = /gRPC +(\S+)/.exec(dev.stdout())?.[1];
    const written = await relata(
      `tuple write document:roadmap#viewer@user:newcomer --server ${server} --token-file ${tokenFile()}`,
    );
    expect(written).toMatchObject({ exit: 0, stdout: "1 tuple written\n" });
    expect((await postgres()).length).toBeGreaterThan(0);
    process.kill(dev.pid, "SIGKILL");
    await nothingLeft();
    dev = startDev(["npm", "start", "--"], flags);
    await dev.ready();
    expect((await check("user:newcomer")).stdout).toBe("allowed\n");
    const server2 = /gRPC +(\S+)/.exec(dev.stdout())?.[1];
    const old = await relata(
      `check document:roadmap view user:newcomer --server ${server2}`,
      userEnv({ RELATA_TOKEN: firstToken }),
    );
    expect(old).toMatchObject({ exit: 0, stdout: "allowed\n" });
    expect(dev.stdout()).not.toContain(CHANGED);
    const grant = "folder:company#owner@user:olga";
    const as = `--server ${server2} --token-file ${tokenFile()}`;
    expect(await relata(`tuple delete ${grant} ${as}`)).toMatchObject({ exit: 0 });
  });

  test("kill -9 of npm itself ends everything below it", async () => {
    process.kill(dev.pid, "SIGKILL");
    await nothingLeft();
  });

  test("on an older Node it runs on the one of the project; kill -9 of the outer ends the inner", {
    timeout: 60_000,
  }, async (context) => {
    const older = await olderNode();
    dev = startDev([older ?? process.execPath, "bin/relata.js", "dev"], flags);
    await dev.ready();
    // The tenant no longer holds the example that the lines ask about.
    expect(dev.stdout()).toContain(CHANGED);
    expect((await check("user:newcomer")).stdout).toBe("allowed\n");
    process.kill(dev.pid, "SIGKILL");
    await nothingLeft();
    if (older === undefined) context.skip("no Node older than 24 is installed here: it ran on this one");
  });

  test("Ctrl-C ends it with 0 and leaves nothing; --reset starts anew", { timeout: 60_000 }, async () => {
    dev = startDev(direct, [...flags, "--reset"]);
    await dev.ready();
    expect((await check("user:newcomer")).stdout).toBe("denied\n");
    dev.child.kill("SIGINT");
    expect(await dev.ended).toBe(0);
    expect(dev.stderr()).toBe("stopping …\n");
    await nothingLeft();
    // npm alone gets the signal here, and has to hand it on.
    dev = startDev(["npm", "start", "--"], flags);
    await dev.ready();
    dev.child.kill("SIGINT");
    expect(await dev.ended).toBe(0);
    await nothingLeft();
  });

  test("a port that is taken is named with the flag that moves it", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as { port: number };
    try {
      for (const flag of ["--grpc-port", "--http-port", "--issuer-port"]) {
        const blocked = startDev(direct, [...flags, flag, String(port)]);
        expect(await blocked.ended).toBe(2);
        expect(blocked.stderr()).toMatch(
          new RegExp(`port ${port} for .* cannot be used: something else listens there`),
        );
        expect(blocked.stderr()).toContain(`choose another with ${flag} PORT`);
      }
    } finally {
      blocker.close();
    }
    await nothingLeft();
  });

  test("the project's folder is left as it was", async () => {
    const { stdout } = await run("git status --porcelain --ignored -- . | grep -v node_modules || true");
    expect(stdout).not.toMatch(/token|pgdata|issuer\.json/);
    expect(ROOT).not.toBe(dir.path);
  });
});
