import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "./dev-process.ts";

test("an output that cannot be written is an error, and a reader that leaves early is none", async () => {
  const relata = `${process.execPath} src/main.ts reference`;
  expect(await run(`${relata} | head -1`)).toMatchObject({ exit: 0, stderr: "" });
  if (!existsSync("/dev/full")) return;
  expect(await run(`${relata} > /dev/full`)).toMatchObject({
    exit: 2,
    stderr: expect.stringMatching(/^error: cannot write the output: ENOSPC/),
  });
});
