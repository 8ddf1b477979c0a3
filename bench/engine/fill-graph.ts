import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import type { TupleBatch } from "../../src/model/change.ts";
import { type FoundTraits, traitsOf } from "../../src/model/need.ts";
import type { Head } from "../../src/model/revision.ts";
import type { Tuple } from "../../src/model/tuple.ts";

/** Tuples in a batch, as the store's snapshots have. */
const BATCH_TUPLES = 4_096;
/** Six fields of some twenty characters; a batch that is full before is handed on. */
const BATCH_BYTES = BATCH_TUPLES * 160;
const FIELDS = ["objectType", "objectId", "relation", "subjectType", "subjectId", "subjectRelation"] as const;
/** Names of types, relations and objects are ASCII and have at most 1,024 bytes. */
const MAX_TUPLE_BYTES = 6 * 1024;

export const FIRST_HEAD: Head = { revision: 1, schemaName: "bench", schemaVersion: 1, committedAtMs: 0 };

export interface FilledGraph {
  readonly graph: ResidentGraph;
  /** CPU time of the graph's part alone, without that of making the tuples. */
  readonly loadCpuMs: number;
}

/** A graph of all the tuples at revision 1, without a database. */
export function fillGraph(tuples: Iterable<Tuple>): FilledGraph {
  const graph = new ResidentGraph();
  let loadCpuMs = 0;
  for (const batch of batches(tuples)) {
    const before = process.cpuUsage();
    graph.load(batch);
    const { user, system } = process.cpuUsage(before);
    loadCpuMs += (user + system) / 1000;
  }
  graph.seal(FIRST_HEAD);
  return { graph, loadCpuMs };
}

const BYTES = Buffer.allocUnsafeSlow(BATCH_BYTES);
const BOUNDS = new Uint32Array(BATCH_TUPLES * 12);

/** Each valid until the next: there is one buffer. */
function* batches(tuples: Iterable<Tuple>): Iterable<TupleBatch> {
  let traits = new Map<number, FoundTraits>();
  let [count, end, at] = [0, 0, 0];
  for (const tuple of tuples) {
    for (const field of FIELDS) {
      BOUNDS[at++] = end;
      end += BYTES.write(tuple[field], end, "latin1");
      BOUNDS[at++] = end;
    }
    if (tuple.caveat !== undefined || tuple.expiresAtMs !== undefined) traits.set(count, traitsOf(tuple));
    count += 1;
    if (count < BATCH_TUPLES && end + MAX_TUPLE_BYTES < BATCH_BYTES) continue;
    yield { count, bytes: BYTES, bounds: BOUNDS, traits };
    [count, end, at] = [0, 0, 0];
    traits = new Map();
  }
  if (count > 0) yield { count, bytes: BYTES, bounds: BOUNDS, traits };
}
