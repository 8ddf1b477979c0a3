import cluster from "node:cluster";
import type { LogFields, Logger } from "../../log.ts";
import type { Answers, FromWorker, ToWorker } from "./messages.ts";

export interface WorkerSide {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly answer: { readonly [Topic in keyof Answers]: () => Answers[Topic] | Promise<Answers[Topic]> };
}

/**
 * Tells the primary that this worker serves, and answers what it asks. When the primary is gone, however it ended, the
 * worker's process ends at once: node:cluster sees to that.
 * @returns aborts when the primary says that it is time to end
 */
export function joinPrimary(side: WorkerSide): AbortSignal {
  const stop = new AbortController();
  const { worker } = cluster;
  if (worker === undefined) throw new Error("this process is no worker");
  const tell = (message: FromWorker) => {
    if (worker.isConnected()) worker.send(message);
  };
  worker.on("message", (message: ToWorker) => {
    if (message.kind === "stop") stop.abort();
    // Not answering is an answer too: the primary waits a while and goes on without.
    else
      void Promise.resolve(side.answer[message.topic]()).then(
        (answer) => tell({ kind: "answer", id: message.id, answer }),
        () => undefined,
      );
  });
  tell({ kind: "serving", grpcPort: side.grpcPort, httpPort: side.httpPort });
  return stop.signal;
}

/** A log whose every line says which worker wrote it. */
export function logOfWorker(log: Logger, worker: number): Logger {
  const of = (level: keyof Logger) => (fields: LogFields, message: string) =>
    log[level]({ worker, ...fields }, message);
  return { debug: of("debug"), info: of("info"), warn: of("warn"), error: of("error") };
}
