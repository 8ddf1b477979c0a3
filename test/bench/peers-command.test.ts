import { describe, expect, it } from "vitest";
import { runTestCli } from "../cli/run-cli.ts";
import { closedPort } from "../support/listening.ts";

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
