import { RelataError } from "../errors.ts";

/** Work in many small steps. */
export interface SlicedJob {
  /** Some ten microseconds of it. True: there is nothing left to do. */
  step(): boolean;
}

/** One thread's time for everything that keeps graphs fresh, so that a request never waits long behind it. */
export interface Slices {
  /** Resolves when the job is done; rejects with what a step threw, and with CANCELLED when closed. */
  run(job: SlicedJob): Promise<void>;
  /** The longest time, milliseconds, that a slice has kept the thread. */
  readonly longestMs: number;
  close(): void;
}

interface Entry {
  readonly job: SlicedJob;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * All jobs of all tenants share one slice per turn of the event loop: were each to take its own, a hundred tenants with
 * something to do would keep the thread a hundred times as long.
 */
const SLICE_MS = 1;
/** One job's share of a slice, while there are others. */
const SHARE_MS = 0.25;

export function createSlices(): Slices {
  const jobs: Entry[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let longestMs = 0;
  let closed = false;

  const slice = (): void => {
    scheduled = undefined;
    const beganAtMs = performance.now();
    let nowMs = beganAtMs;
    while (nowMs < beganAtMs + SLICE_MS) {
      const entry = jobs.shift();
      if (entry === undefined) break;
      const untilMs = Math.min(beganAtMs + SLICE_MS, nowMs + SHARE_MS);
      if (!share(entry, untilMs)) jobs.push(entry);
      nowMs = performance.now();
    }
    longestMs = Math.max(longestMs, nowMs - beganAtMs);
    if (jobs.length > 0) scheduled = setImmediate(slice);
  };

  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(closedError());
        jobs.push({ job, resolve, reject });
        scheduled ??= setImmediate(slice);
      }),
    get longestMs() {
      return longestMs;
    },
    close() {
      closed = true;
      clearImmediate(scheduled);
      for (const { reject } of jobs.splice(0)) reject(closedError());
    },
  };
}

/** @returns true when the job needs no more. */
function share({ job, resolve, reject }: Entry, untilMs: number): boolean {
  try {
    do {
      if (job.step()) {
        resolve();
        return true;
      }
    } while (performance.now() < untilMs);
    return false;
  } catch (error) {
    reject(error);
    return true;
  }
}

function closedError(): RelataError {
  return new RelataError("CANCELLED", "the service is shutting down");
}
