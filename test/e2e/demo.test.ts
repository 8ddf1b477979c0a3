import { join } from "node:path";
import { expect, test } from "vitest";
import { runDemo } from "../../src/cli/demo/run.ts";
import { startLocalService } from "../../src/cli/dev/local-service.ts";
import { processesNaming } from "../support/processes.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { run, userEnv } from "./dev-process.ts";

test("npm run demo answers every question right, and leaves nothing behind", { timeout: 120_000 }, async () => {
  const { exit, stdout } = await run("npm run demo --silent -- --json", userEnv());
  const { steps, wrong, seconds } = JSON.parse(stdout);
  expect({ exit, wrong }).toEqual({ exit: 0, wrong: 0 });
  expect(seconds).toBeLessThan(60);
  const [tuples, grpc, http] = steps;
  expect(tuples.count).toBeGreaterThanOrEqual(20_000);
  for (const step of [grpc, http]) {
    expect(step).toMatchObject({ count: 500, wrong: [] });
    // Neither answer is rare: a server that always says the same would be found out.
    expect(step.allowed).toBeGreaterThan(150);
    expect(step.allowed).toBeLessThan(350);
  }
  expect(await processesNaming("relata-demo-")).toEqual([]);
});

test("the demo notices an answer that is not the expected one, on both transports", { timeout: 60_000 }, async () => {
  await using dir = await createTempDir();
  const service = await startLocalService({
    dataDir: join(dir.path, "data"),
    grpcPort: 0,
    httpPort: 0,
    issuerPort: 0,
    durable: false,
    now: Date.now,
    logTo: process.stderr,
  });
  try {
    const steps = await runDemo(service, { questions: 20, corrupt: true, now: Date.now, onStep: () => undefined });
    expect(steps.map(({ wrong }) => wrong?.length)).toEqual([undefined, 1, 1]);
    expect(steps[1]?.wrong?.[0]).toMatch(/^document:d\d+#\w+@user:\w+: expected DECISION_\w+, got DECISION_\w+$/);
  } finally {
    await service.close();
  }
});
