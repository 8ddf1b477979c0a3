// The CPU time of this thread to the nanosecond. process.threadCpuUsage() tells what the scheduler last wrote down, which is up to
// one tick ago: gaps of a tenth of a millisecond appear in it as 4 ms. The clock that Linux reads on the spot is reached from
// Node by WASI alone. A look costs about a microsecond.
import { WASI } from "node:wasi";

/** CLOCKID_THREAD_CPUTIME_ID of wasi_snapshot_preview1. */
const THREAD_CPU_TIME = 3;
const SUCCESS = 0;

/** Node's; the types of it are those of browsers, which are not among ours. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  };
};

type ClockTimeGet = (clock: number, precisionNs: bigint, resultAt: number) => number;

/** @returns what reads the clock, in milliseconds */
export function openThreadClock(): () => number {
  const wasi = new WASI({ version: "preview1" });
  const memory = new WebAssembly.Memory({ initial: 1 });
  wasi.initialize({ exports: { memory } });
  const nanos = new BigUint64Array(memory.buffer, 0, 1);
  const read = wasi.wasiImport["clock_time_get"] as ClockTimeGet;
  return () => {
    if (read(THREAD_CPU_TIME, 0n, 0) !== SUCCESS) throw new Error("this system tells no CPU time of a thread");
    return Number(nanos[0]) / 1e6;
  };
}
