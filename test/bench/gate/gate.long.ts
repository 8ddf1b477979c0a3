import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { readBaseline, writeBaseline } from "../../../bench/gate/baseline.ts";
import { runGate } from "../../../bench/gate/gate-command.ts";
import "../../support/postgres-global.ts";

const COMMITTED = join(import.meta.dirname, "..", "..", "..", "bench", "baseline.json");
const context = (print: (line: string) => void) => ({ databaseUrl: inject("testCluster").admin.url, print });

it("counts the same as the committed baseline, and fails upon one with less", async () => {
  const directory = await mkdtemp(join(tmpdir(), "relata-gate-"));
  try {
    const committed = await readBaseline(COMMITTED);
    const file = join(directory, "baseline.json");
    const less = ["engine/code/rows", "service/caveats/sql_flights"];
    const figures = Object.entries(committed.figures).map(([id, value]) => [
      id,
      less.includes(id) ? value * 0.9 : value,
    ]);
    await writeBaseline(file, { ...committed, figures: Object.fromEntries(figures) });
    const lines: string[] = [];
    expect(
      await runGate(
        ["--baseline", file],
        context((line) => void lines.push(line)),
      ),
    ).toBe(1);
    const text = lines.join("\n");
    expect(text).toContain("2 figures are worse");
    for (const id of less) expect(text).toMatch(new RegExp(`${id}.*\\+11 %`));
  } finally {
    await rm(directory, { recursive: true });
  }
}, 300_000);
