import { writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";

/** Often enough for calls of 50 µs to be told apart in some seconds of them. */
const INTERVAL_MICROS = 200;

let profiler: Session | undefined;

/** Begins a CPU profile of this process. */
export async function startProfile(): Promise<void> {
  if (profiler !== undefined) throw new Error("a profile is under way");
  profiler = new Session();
  profiler.connect();
  await profiler.post("Profiler.enable");
  await profiler.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROS });
  await profiler.post("Profiler.start");
}

/** Ends it and writes it down, as Chrome and editors read it (.cpuprofile). */
export async function stopProfile(file: string): Promise<void> {
  if (profiler === undefined) throw new Error("no profile is under way");
  const { profile } = await profiler.post("Profiler.stop");
  profiler.disconnect();
  profiler = undefined;
  await writeFile(file, JSON.stringify(profile));
}
