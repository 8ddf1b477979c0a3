import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { runTestCli } from "../cli/run-cli.ts";
import { closedPort } from "../support/listening.ts";

/** As where the peers' clients were never installed. */
const WITHOUT_CLIENTS = `data:text/javascript,import { registerHooks } from "node:module";
registerHooks({ resolve(name, context, next) {
  if (/^@(authzed|openfga)\\//.test(name)) throw new Error("Cannot find package " + name);
  return next(name, context);
} });`;

describe("npm run bench -- --peer", () => {
  it("says what to install", () => {
    const args = ["--import", WITHOUT_CLIENTS, "bench/run.ts", "peers", "--peer=spicedb=localhost:1,secret"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([status, stdout, stderr]).toEqual([
      4,
      "",
      "SpiceDB is asked by its own client, which is not installed: npm install @authzed/authzed-node\n",
    ]);
  });
});

describe("relata bench --peer", () => {
  it("says before it measures anything that nobody is there", async () => {
    const port = await closedPort();
    const { exit, stdout, stderr } = await runTestCli(["bench", "--quick", `--peer=spicedb=127.0.0.1:${port},secret`]);
    expect([exit, stdout]).toEqual([4, ""]);
    expect(stderr).toContain(`SpiceDB at 127.0.0.1:${port}: nothing listens there`);
    expect(stderr).not.toContain("secret");
  });

  it.each([
    [["peers"], "the layer peers needs somebody to compare with: --peer spicedb=HOST:PORT,TOKEN"],
    [["engine", "--peer", "spicedb=localhost:1"], "--peer needs the layer peers"],
    [["--peer", "zanzibar=localhost:1"], 'there is no peer "zanzibar"; there are spicedb, openfga'],
  ])("refuses %j", async (args, message) => {
    const { exit, stderr } = await runTestCli(["bench", ...args]);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
  });
});
