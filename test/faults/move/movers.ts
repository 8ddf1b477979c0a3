import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { JobStage } from "../../../src/model/tenant-life.ts";
import type { TestDatabase } from "../../support/postgres.ts";

/** A process that works at the move. */
export interface Mover extends AsyncDisposable {
  /** Begins, and goes on past the stages it says, up to the one at which `stop` is true. @returns that one, or done. */
  runUntil(stop: (stage: JobStage) => boolean): Promise<JobStage>;
  /** Past the stage it was stopped at. */
  goOn(): void;
  /** SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>;
}

type Said = { readonly stage?: JobStage; readonly ready?: true };

/** Starts at once, and waits to be told to begin: so the next one can be on its way while one is at work. */
export function startMover(database: TestDatabase, tenantId: string, settleMs: number): Mover {
  const child = fork(join(import.meta.dirname, "mover.ts"), [tenantId, String(settleMs)], {
    execArgv: [],
    env: { ...process.env, APP_URL: database.app.url, MAINTENANCE_URL: database.maintenance.url },
  });
  const ended = once(child, "exit");
  const said = listen(child, ended);
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return {
    async runUntil(stop) {
      await said();
      for (;;) {
        child.send("go");
        const { stage } = await said();
        if (stage === undefined) throw new Error("a mover said no stage");
        if (stage === "done") {
          await ended;
          return stage;
        }
        if (stop(stage)) return stage;
      }
    },
    goOn: () => void child.send("go"),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** What it says, one after the other. @throws when it ends without a word */
function listen(child: ChildProcess, ended: Promise<unknown>): () => Promise<Said> {
  const heard: Said[] = [];
  let wake: (() => void) | undefined;
  child.on("message", (message) => {
    heard.push(message as Said);
    wake?.();
  });
  const gone = ended.then(() => "gone" as const);
  return async () => {
    while (heard.length === 0) {
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if ((await Promise.race([news, gone])) === "gone" && heard.length === 0) throw new Error("a mover ended");
    }
    return heard.shift() as Said;
  };
}
