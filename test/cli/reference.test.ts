import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { runTestCli } from "./run-cli.ts";

test("docs/cli.md is what the commands say (`npm run docs` writes it)", async () => {
  const { stdout } = await runTestCli(["reference"]);
  expect(await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8")).toBe(stdout);
  for (const command of [
    "relata dev",
    "relata schema push",
    "relata tuple import",
    "relata validate",
    "relata serve",
  ]) {
    expect(stdout).toContain(`## ${command}\n`);
  }
});
