import { fileURLToPath } from "node:url";

/** Of a V8 CPU profile (.cpuprofile), what is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes, one per sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** A function's own time, without what it calls. */
export interface SelfTime {
  readonly file: string;
  /** With its line, as `decide:42`; of the engine's own, such as `(garbage collector)`, the name alone. */
  readonly name: string;
  /** Of the time in which anything ran. */
  readonly share: number;
}

/** Time in which the thread waited. */
const IDLE = "(idle)";
/** What belongs to no file: the collector, and native code that is called from nowhere. */
const ENGINE = "(engine)";

/** The functions with the most time of their own, those of one file together, the heaviest file first. */
export function topSelfTimes({ nodes, samples, timeDeltas }: CpuProfile, count: number): readonly SelfTime[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const micros = new Map<string, { readonly file: string; readonly name: string; micros: number }>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    // A sample's time is that until the next one.
    const took = timeDeltas[index + 1] ?? 0;
    if (node === undefined || node.callFrame.functionName === IDLE) continue;
    total += took;
    const file = fileOf(node.callFrame.url);
    const name = nameOf(node.callFrame);
    const known = micros.get(`${file} ${name}`) ?? { file, name, micros: 0 };
    known.micros += took;
    micros.set(`${file} ${name}`, known);
  }
  const top = [...micros.values()].sort((a, b) => b.micros - a.micros).slice(0, count);
  const ofFile = new Map<string, number>();
  for (const one of top) ofFile.set(one.file, (ofFile.get(one.file) ?? 0) + one.micros);
  return top
    .sort((a, b) => (ofFile.get(b.file) ?? 0) - (ofFile.get(a.file) ?? 0) || b.micros - a.micros)
    .map((one) => ({ file: one.file, name: one.name, share: one.micros / Math.max(1, total) }));
}

function nameOf({ functionName, url, lineNumber }: ProfileNode["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name}:${lineNumber + 1}`;
}

/** From the package's or the clone's own folder on; a dependency by its name. */
function fileOf(url: string): string {
  if (url === "") return ENGINE;
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const dependency = path.lastIndexOf("/node_modules/");
  if (dependency >= 0) return path.slice(dependency + "/node_modules/".length);
  return /(?:^|\/)((?:src|bench|dist)\/.*)$/.exec(path)?.[1] ?? path;
}
