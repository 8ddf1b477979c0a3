import { defineConfig } from "vitest/config";

/**
 * What kills children, looks at a whole process (its memory, what it prints), or keeps a core busy for long gets a process per
 * file. The other files take turns in two, which spares each the 0.7 s of CPU that its imports take: what they open they
 * close, and no module under src keeps state of its own.
 */
const ALONE = [
  ...["agreement", "bench", "e2e", "examples", "faults", "house", "log", "storage/embedded", "support"].map(
    (folder) => `test/${folder}/**/*.test.ts`,
  ),
  ...["corpus/corpus", "dsl/robust", "engine/oracle", "engine/walk", "graph/budget", "graph/core-growth"].map(
    (file) => `test/${file}.test.ts`,
  ),
];

const common = {
  pool: "forks",
  maxWorkers: 2,
  testTimeout: 30_000,
  hookTimeout: 30_000,
  teardownTimeout: 10_000,
  // A test that passes at the second try has failed.
  retry: 0,
  allowOnly: false,
} as const;

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig(({ mode }) => ({
  test: {
    globalSetup: ["test/support/postgres-global.ts"],
    passWithNoTests: false,
    projects:
      mode === "long"
        ? [{ test: { ...common, name: "long", include: ["test/**/*.long.ts"] } }]
        : [
            { test: { ...common, name: "alone", include: ALONE } },
            { test: { ...common, name: "together", include: ["test/**/*.test.ts"], exclude: ALONE, isolate: false } },
          ],
  },
}));
