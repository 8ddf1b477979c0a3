import { defineConfig } from "vitest/config";

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === "long" ? "test/**/*.long.ts" : "test/**/*.test.ts"],
    globalSetup: ["test/support/postgres-global.ts"],
    // A process per file: tests kill children, count connections and change nothing of each other's.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // A test that passes at the second try has failed.
    retry: 0,
    passWithNoTests: false,
    allowOnly: false,
  },
}));
