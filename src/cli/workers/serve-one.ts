import type { Config } from "../../config.ts";
import { createLogger } from "../../log.ts";
import { canAnswer } from "../../rpc/readiness.ts";
import { startServer } from "../serve.ts";
import { joinPrimary, logOfWorker } from "./worker.ts";

export interface ServingPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly opsPort: number | undefined;
}

export interface Serving extends ServingPorts {
  /** Aborts when somebody else says that it is time to end. */
  readonly stop: AbortSignal | undefined;
  close(): Promise<void>;
}

/** The service in this process: all there is, or one of several workers, whose primary has the operations port. */
export async function serveOne(
  config: Config,
  options: { readonly now: () => number; readonly worker: number | undefined },
): Promise<Serving> {
  const { now, worker } = options;
  if (worker === undefined) {
    const { grpcPort, httpPort, opsPort, close } = await startServer(config, { now });
    return { grpcPort, httpPort, opsPort, stop: undefined, close };
  }
  const log = logOfWorker(createLogger({ level: config.logLevel }), worker);
  const { grpcPort, httpPort, ops, close } = await startServer(config, { now, log, opsPort: false });
  const readiness = async () => {
    const body = await ops.readiness();
    return { ok: canAnswer(body), status: body.status, body };
  };
  const stop = joinPrimary({ grpcPort, httpPort, answer: { metrics: ops.metrics, readiness } });
  return { grpcPort, httpPort, opsPort: undefined, stop, close };
}
