import { join } from "node:path";
import { type Child, startChild } from "./child.ts";
import { ANSWER_MS, type LoadOptions, type LoadResult } from "./load.ts";
import type { LoadOrder } from "./load-process.ts";
import type { LoadTarget } from "./target.ts";

/** The load generator, in a process of its own. */
export interface Generator extends AsyncDisposable {
  /** Under a name, so that its requests cross between the processes once. */
  learn(set: string, target: LoadTarget): Promise<void>;
  forget(set: string): Promise<void>;
  /** @throws when a connection breaks or calls stay without an answer; wrong answers are counted */
  run(set: string, options: LoadOptions): Promise<LoadResult>;
  close(): Promise<void>;
}

/** Beyond everything that a load waits for: opening and closing connections, on a busy machine. */
const SPARE_MS = 60_000;

export function startGenerator(): Generator {
  const child: Child<LoadOrder, LoadResult | undefined> = startChild(join(import.meta.dirname, "load-process.ts"));
  const close = () => child.close();
  return {
    learn: async (set, target) => void (await child.ask({ what: "learn", set, target })),
    forget: async (set) => void (await child.ask({ what: "forget", set })),
    run: async (set, options) => {
      const { durationMs, drainMs = 0 } = options;
      const found = await child.ask({ what: "run", set, options }, durationMs + drainMs + ANSWER_MS + SPARE_MS);
      if (found === undefined) throw new Error("a load without a result");
      return found;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
