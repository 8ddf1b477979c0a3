import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import type { TupleBatch } from "../../src/model/change.ts";
import type { Head } from "../../src/model/revision.ts";
import type { TupleKey } from "../../src/model/tuple.ts";

/** Tuples in a batch, as the store's snapshots have. */
const BATCH_TUPLES = 4_096;
/** Six fields of some twenty characters; a batch that is full before is handed on. */
const BATCH_BYTES = BATCH_TUPLES * 160;
const FIELDS = ["objectType", "objectId", "relation", "subjectType", "subjectId", "subjectRelation"] as const;
/** Names of types, relations and objects are ASCII and have at most 1,024 bytes. */
const MAX_TUPLE_BYTES = 6 * 1024;
const NO_TRAITS: TupleBatch["traits"] = new Map();

export const FIRST_HEAD: Head = { revision: 1, schemaName: "bench", schemaVersion: 1, committedAtMs: 0 };

export interface FilledGraph {
  readonly graph: ResidentGraph;
  /** CPU time of the graph's part alone, without that of making the tuples. */
  readonly loadCpuMs: number;
}

/** A graph of all the tuples at revision 1, without a database. */
export function fillGraph(tuples: Iterable<TupleKey>): FilledGraph {
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

/** Each valid until the next: there is one buffer. */
function* batches(tuples: Iterable<TupleKey>): Iterable<TupleBatch> {
  const bytes = Buffer.allocUnsafeSlow(BATCH_BYTES);
  const bounds = new Uint32Array(BATCH_TUPLES * 12);
  let [count, end, at] = [0, 0, 0];
  for (const tuple of tuples) {
    for (const field of FIELDS) {
      bounds[at++] = end;
      end += bytes.write(tuple[field], end, "latin1");
      bounds[at++] = end;
    }
    count += 1;
    if (count < BATCH_TUPLES && end + MAX_TUPLE_BYTES < BATCH_BYTES) continue;
    yield { count, bytes, bounds, traits: NO_TRAITS };
    [count, end, at] = [0, 0, 0];
  }
  if (count > 0) yield { count, bytes, bounds, traits: NO_TRAITS };
}
