// Records test/bench/recordings/openfga.json: node test/bench/record-openfga.ts /path/to/openfga 1.22.1; npm run format
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Exchange, Recording } from "../support/http-exchange.ts";
import { numberIds, recordHttp } from "../support/recording-proxy.ts";
import { OPENFGA_RUNS, type OpenFgaRun } from "./openfga-runs.ts";

const [binary, version] = process.argv.slice(2);
if (binary === undefined || version === undefined) {
  console.error("usage: node test/bench/record-openfga.ts OPENFGA VERSION, a program of OpenFGA and its version");
  process.exit(2);
}
const runs: Record<string, readonly Exchange[]> = {};
for (const [name, run] of Object.entries(OPENFGA_RUNS)) {
  const { found, exchanges } = await record(binary, run);
  runs[name] = exchanges;
  console.log(`${name}: ${exchanges.length} requests\n  ${JSON.stringify(found)}`);
}
const recording: Recording = { server: `OpenFGA ${version}, --datastore-engine memory`, runs };
writeFileSync(join(import.meta.dirname, "recordings", "openfga.json"), `${JSON.stringify(recording)}\n`);

async function record(program: string, { flags, token, run }: OpenFgaRun) {
  const port = await freePort();
  const places = [`--http-addr=127.0.0.1:${port}`, `--grpc-addr=127.0.0.1:${await freePort()}`];
  const quiet = ["--playground-enabled=false", "--metrics-enabled=false", "--log-level=error"];
  const server = spawn(program, ["run", ...places, ...quiet, ...flags], { stdio: "inherit" });
  try {
    await untilHealthy(`http://127.0.0.1:${port}`);
    await using proxy = await recordHttp(`http://127.0.0.1:${port}`, numberIds());
    const address = { name: "openfga", host: "127.0.0.1", port: proxy.port, ...(token && { token }) } as const;
    return { found: await run(address), exchanges: [...proxy.exchanges] };
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

async function untilHealthy(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = await fetch(`${url}/healthz`).catch(() => undefined);
    if (found?.ok) return;
    await sleep(100);
  }
  throw new Error(`no OpenFGA came up at ${url} within 10 s`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const place = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof place === "object" && place !== null ? place.port : 0;
}
