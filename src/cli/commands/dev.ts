import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { defaultDataDir } from "../../storage/embedded/data-dir.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { probePort } from "../dev/listen.ts";
import type { LocalService } from "../dev/local-service.ts";
import { lockDirectory } from "../dev/lock.ts";
import { type PasteLine, pasteLines } from "../dev/paste-lines.ts";
import { type Seed, seedDemoTenant } from "../dev/seed.ts";
import { DEMO_TENANT } from "../dev/token-files.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { styleFor } from "../style.ts";

const GRPC_PORT = 50051;
const HTTP_PORT = 8080;
const ISSUER_PORT = 8090;

/** The lines to paste answer otherwise, or not at all, once users have put a schema of their own in the example's place. */
const EXAMPLE_CHANGED =
  "The tenant has changed since it held the example, which the lines below ask about: ask about your own objects instead.\nrelata dev --reset begins anew, and throws away what the tenant holds.\n";

interface Options {
  readonly dataDir?: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly issuerPort: number;
  readonly reset?: boolean;
  readonly json?: boolean;
}

export function registerDev(parent: Command, shell: Shell): void {
  const port = (flag: string) => (text: string) => parseCount(text, flag, 0, 65_535);
  const command = leaf(parent, "dev", "run everything on this machine: PostgreSQL, an issuer, the service, an example")
    .option("--data-dir <path>", "where the data is kept from one start to the next (RELATA_DATA_DIR)")
    .option("--grpc-port <port>", "gRPC; 0 takes any free port", port("--grpc-port"), GRPC_PORT)
    .option("--http-port <port>", "Connect, gRPC-Web and JSON", port("--http-port"), HTTP_PORT)
    .option(
      "--issuer-port <port>",
      "the local token issuer; 0 keeps the port of the last time",
      port("--issuer-port"),
      ISSUER_PORT,
    )
    .option("--reset", "throw away what an earlier start kept, first")
    .addHelpText("after", "\nListens on 127.0.0.1 only. Ends with Ctrl-C; the next start finds the data again.");
  runs<[], Options>(command, shell, dev);
}

async function dev(context: CliContext, options: Options): Promise<ExitCode> {
  const stop = context.stop();
  const startedAt = context.now();
  const dataDir = resolve(
    context.cwd,
    options.dataDir ?? (context.env["RELATA_DATA_DIR"] || defaultDataDir("dev", context.env)),
  );
  const lock = await lockDirectory(dataDir);
  try {
    await probePort(options.grpcPort, { what: "gRPC", flag: "--grpc-port" });
    await probePort(options.httpPort, { what: "HTTP", flag: "--http-port" });
    await probePort(options.issuerPort, { what: "the local issuer", flag: "--issuer-port" });
    if (options.reset === true) await resetDirectory(dataDir);
    const { grpcPort, httpPort, issuerPort } = options;
    // Loaded only here: the server and its libraries would slow every other command down.
    const { startLocalService } = await import("../dev/local-service.ts");
    const service = await startLocalService({
      dataDir,
      grpcPort,
      httpPort,
      issuerPort,
      durable: true,
      logTo: context.stderr,
      now: context.now,
    });
    try {
      const seed = await seedDemoTenant(context, service, dataDir);
      if (stop.aborted) return EXIT.ok;
      lock.announce(`process ${process.pid}, gRPC 127.0.0.1:${service.grpcPort}, HTTP 127.0.0.1:${service.httpPort}`);
      announce(context, options, { service, seed, dataDir, seconds: (context.now() - startedAt) / 1000 });
      await untilEnd(service, stop);
      if (options.json !== true) line(context.stderr, "stopping …");
    } finally {
      await service.close();
    }
    return EXIT.ok;
  } finally {
    await lock.release();
  }
}

/** Only what `relata dev` itself puts there: the directory may hold other things of the user's. */
async function resetDirectory(dataDir: string): Promise<void> {
  for (const name of [
    "pgdata",
    "seeded",
    "token",
    "operator-token",
    "token-keys.json",
    "audit-keys.json",
    "issuer.json",
  ]) {
    await rm(resolve(dataDir, name), { recursive: true, force: true });
  }
}

/** Resolves when the user asks to stop. @throws CliError when the database ends by itself. */
function untilEnd(service: LocalService, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
    void service.databaseEnded.then((log) => {
      const last = log.trim().split("\n").at(-1) ?? "";
      reject(
        new CliError(EXIT.unavailable, `PostgreSQL ended: ${last}`, {
          hint: "start relata dev again; the data is kept",
        }),
      );
    });
  });
}

interface Ready {
  readonly service: LocalService;
  readonly seed: Seed;
  readonly dataDir: string;
  readonly seconds: number;
}

function announce(context: CliContext, options: Options, ready: Ready): void {
  const { service, seed, dataDir } = ready;
  const { grpcPort, httpPort, tokens, issuer } = service;
  const tokenFile = tokens.dev.path;
  const paste = pasteLines({
    grpcPort,
    httpPort,
    tokenFile,
    cwd: context.cwd,
    allowed: seed.allowed,
    denied: seed.denied,
  });
  if (options.json === true) {
    const files = { tokenFile, operatorTokenFile: tokens.operator.path };
    json(context, { grpcPort, httpPort, issuer: issuer.issuer, tenant: DEMO_TENANT, dataDir, ...files, paste });
    return;
  }
  const style = styleFor(context.stdout, context.env);
  const rows = [
    ["gRPC", `127.0.0.1:${grpcPort}`],
    ["HTTP", `http://127.0.0.1:${httpPort} (Connect, gRPC-Web, JSON)`],
    ["issuer", issuer.issuer],
    ["tenant", `${DEMO_TENANT}, which began as ${seed.schemaFile} with ${seed.tuples} tuples`],
    ["data", dataDir],
    ["token", `${tokenFile} (12 hours, renewed while this runs)`],
    ["", `${tokens.operator.path} (of the platform, for relata tenant, binding and jwt)`],
  ];
  line(context.stdout, `${style.green("relata dev is ready")} after ${ready.seconds.toFixed(1)} s\n`);
  line(context.stdout, `${table(rows, "  ")}\n`);
  line(context.stdout, `A token for the tenant ${DEMO_TENANT}:\n${tokens.dev.token}\n`);
  if (seed.changed) line(context.stdout, EXAMPLE_CHANGED);
  line(context.stdout, "Paste into another terminal, from this folder:\n");
  for (const { command, answer } of paste) line(context.stdout, `${renderPaste({ command, answer }, style.dim)}\n`);
  line(context.stdout, style.dim("Ctrl-C ends it; the next start finds the data again."));
}

function renderPaste({ command, answer }: PasteLine, dim: (text: string) => string): string {
  return `${command}\n${dim(`# ${answer}`)}`;
}
