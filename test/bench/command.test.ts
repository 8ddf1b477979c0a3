import { describe, expect, it } from "vitest";
import { runTestCli } from "../cli/run-cli.ts";

describe("relata bench", () => {
  it.each([
    [["engines"], "there is no layer engines; there are engine, storage, rpc, peers"],
    [["--quick", "--long"], "--quick and --long exclude each other"],
    [["--tuples", "999"], "--tuples is a whole number from 1000 on, not 999"],
    [["engine", "--profile"], "--profile needs the layer rpc"],
    [["--profile", "engine"], "--profile needs the layer rpc"],
    [["--tuples", "many"], "--tuples is a whole number from 1000 on, not many"],
  ])("refuses %j", async (args, message) => {
    const { exit, stdout, stderr } = await runTestCli(["bench", ...args]);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("relata bench --help");
  });

  it("says what it needs", async () => {
    const { exit, stdout } = await runTestCli(["bench", "--help"]);
    expect(exit).toBe(0);
    for (const said of ["--quick", "--long", "--json <file>", "--report <directory>", "DATABASE_URL", "Exit code"])
      expect(stdout).toContain(said);
  });
});
