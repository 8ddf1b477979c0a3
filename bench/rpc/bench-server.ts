import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientConfig } from "pg";
import { type Child, startChild } from "../load/child.ts";
import type { ServerOrder, ServerSight } from "./server-process.ts";

/** The service in a process of its own, with echoes beside its methods. */
export interface BenchServer {
  /** As they were at its start. */
  readonly ports: Pick<ServerSight, "grpcPort" | "transportEchoPort" | "echoPort" | "httpPort">;
  look(): Promise<ServerSight>;
  /** Begins a CPU profile; a second call ends it and writes it to the file. */
  profile(file?: string): Promise<void>;
}

export interface BenchServerOptions {
  /** As the application role. */
  readonly connection: ClientConfig;
  /** As an operator would write them; see `ServerOrder`. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly unlimited?: boolean;
  readonly patient?: boolean;
}

/** Until the stack is disposed of. */
export async function startBenchServer(stack: AsyncDisposableStack, options: BenchServerOptions): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), "relata-rpc-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // A line per call, as in production: into a file.
  const log = await open(join(folder, "log"), "w");
  stack.defer(() => log.close());
  const server: Child<ServerOrder, ServerSight> = startChild(join(import.meta.dirname, "server-process.ts"), {
    stdout: log.fd,
  });
  stack.defer(() => server.close());
  const ports = await server.ask({ what: "start", ...options });
  return {
    ports,
    look: () => server.ask({ what: "look" }),
    profile: async (file) => {
      await server.ask({ what: "profile", ...(file !== undefined && { file }) });
    },
  };
}
