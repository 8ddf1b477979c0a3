/** Something that yields rows in id order (bytewise; ids are ASCII). Rows of one id may be several, one after another. */
export type MergeSource<Row, Scan> =
  /** Read from the store in batches. */
  | { readonly kind: "scan"; readonly scan: Scan }
  /** Known already; pulled when it is due. */
  | { readonly kind: "rows"; readonly rows: Iterable<Row> };

export interface MergeOptions<Row, Scan> {
  /** The first `limit` rows of every scan, in one round trip. Fewer than `limit`: the scan has ended. */
  readonly fetch: (scans: readonly Scan[], limit: number) => Promise<readonly (readonly Row[])[]>;
  readonly idOf: (row: Row) => string;
  /** The same scan, but strictly after `row`. */
  readonly continueAfter: (scan: Scan, row: Row) => Scan;
  /** How many sources there are, or some more; needed where they are no array. */
  readonly sourceCount?: number;
  /** Rows held over all sources, roughly (up to a quarter more), save that each may hold `MIN_BATCH`. Default 50,000, some 10 MB. */
  readonly maxBuffered?: number;
}

/** All rows with one id. */
export interface MergeGroup<Row> {
  readonly id: string;
  readonly hits: readonly { readonly source: number; readonly row: Row }[];
}

const MAX_BUFFERED = 50_000;
/** With fewer rows a batch, a merge of 100,000 scans would come back to the store for nearly every row. */
const MIN_BATCH = 4;
/** The first batches are small so that the first results come early; each later one may be twice as large. */
const FIRST_BATCH = 64;
/** Of what may be buffered, all first batches together. */
const FIRST_SHARE = 0.2;
const MAX_BATCH = 1000;
/**
 * Where few run low, so many of those that come next and have next to nothing are refilled too. Sources whose ids lie one
 * behind the other (documents named after their folder) would else take a round trip each.
 */
const LOOK_AHEAD = 128;
/** In one round trip: 2,000 look-ups take Postgres some 20 ms, so a cancel is never far. */
const MAX_SCANS_PER_FETCH = 2000;

interface Lane<Row, Scan> {
  readonly source: number;
  /** Where to read on; undefined once the end is known. */
  scan: Scan | undefined;
  rows: Iterator<Row> | undefined;
  buffer: readonly Row[];
  at: number;
  /** Of the row at `at`. */
  id: string;
  /** Of its rows, in the count of all that are held. */
  counted: number;
}

/**
 * Merges sources by id. Pull-driven: nothing is read that nobody asks for, beyond the batches. When a source runs out,
 * one round trip refills it and all others that run low; what the buffers have room for is shared among those, so a
 * dense source among thousands of sparse ones still gets large batches.
 * @throws what `fetch` throws
 */
export async function* mergeScans<Row, Scan>(
  sources: Iterable<MergeSource<Row, Scan>>,
  options: MergeOptions<Row, Scan>,
): AsyncGenerator<MergeGroup<Row>, void, undefined> {
  const { idOf } = options;
  const sourceCount = options.sourceCount ?? (Array.isArray(sources) ? sources.length : 1);
  const heap = new LaneHeap<Row, Scan>();
  const { open, refill, took } = createRefill(options, sourceCount, heap);
  const enter = (lanes: readonly Lane<Row, Scan>[]) => {
    for (const lane of lanes) if (takeRows(lane, undefined, [], idOf)) heap.push(lane);
  };
  let opened: Lane<Row, Scan>[] = [];
  let count = 0;
  for (const source of sources) {
    if (opened.push(openLane(source, count++)) < MAX_SCANS_PER_FETCH) continue;
    await open(opened);
    enter(opened);
    opened = [];
  }
  await open(opened);
  enter(opened);
  for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
    const { id } = first;
    const hits: { source: number; row: Row }[] = [];
    for (let lane: Lane<Row, Scan> | undefined = first; lane !== undefined; lane = heap.popIf(id)) {
      let more = takeRows(lane, id, hits, idOf);
      // A batch may end within an id.
      while (!more && !hasEnded(lane)) {
        took(lane);
        await refill(lane);
        more = takeRows(lane, id, hits, idOf);
      }
      took(lane);
      if (more) heap.push(lane);
    }
    yield { id, hits };
  }
}

/** Moves the lane's buffered rows with this id to `hits`. @returns whether a row with another id comes next */
function takeRows<Row, Scan>(
  lane: Lane<Row, Scan>,
  id: string | undefined,
  hits: { source: number; row: Row }[],
  idOf: (row: Row) => string,
): boolean {
  while (lane.at < lane.buffer.length) {
    const row = lane.buffer[lane.at] as Row;
    lane.id = idOf(row);
    if (lane.id !== id) return true;
    hits.push({ source: lane.source, row });
    lane.at += 1;
  }
  return false;
}

function openLane<Row, Scan>(source: MergeSource<Row, Scan>, index: number): Lane<Row, Scan> {
  const isScan = source.kind === "scan";
  return {
    source: index,
    scan: isScan ? source.scan : undefined,
    rows: isScan ? undefined : source.rows[Symbol.iterator](),
    buffer: [],
    at: 0,
    id: "",
    counted: 0,
  };
}

function hasEnded<Row, Scan>(lane: Lane<Row, Scan>): boolean {
  return lane.scan === undefined && lane.rows === undefined;
}

/**
 * Every lane is looked at when its own rows are taken or come, never all of them: there may be 100,000, and as many refills.
 * @returns `open` gives new lanes their first batch; `took` is told after rows were taken; `refill` fills an empty lane, and
 * whatever else is worth it in the same round trip
 */
function createRefill<Row, Scan>(options: MergeOptions<Row, Scan>, sourceCount: number, heap: LaneHeap<Row, Scan>) {
  const { fetch, continueAfter, maxBuffered = MAX_BUFFERED } = options;
  /** Lanes with more to read and little left. */
  const low = new Set<Lane<Row, Scan>>();
  let scanning = 0;
  let buffered = 0;
  let ceiling = FIRST_BATCH;
  const took = (lane: Lane<Row, Scan>) => {
    const left = lane.buffer.length - lane.at;
    buffered += left - lane.counted;
    lane.counted = left;
    if (lane.scan !== undefined && left * 4 <= lane.buffer.length) low.add(lane);
  };
  const fill = async (lanes: readonly Lane<Row, Scan>[], limit: number) => {
    const answers = await fetch(
      lanes.map((lane) => lane.scan as Scan),
      limit,
    );
    lanes.forEach((lane, index) => {
      const rows = answers[index];
      if (rows === undefined) throw new Error("the source left a scan without an answer");
      append(lane, rows);
      const last = rows.at(-1);
      const more = last !== undefined && rows.length >= limit;
      lane.scan = more ? continueAfter(lane.scan as Scan, last) : undefined;
      if (!more) scanning -= 1;
      low.delete(lane);
      took(lane);
    });
  };
  const open = async (lanes: readonly Lane<Row, Scan>[]) => {
    for (const lane of lanes) if (lane.rows !== undefined) pull(lane, lane.rows);
    const scans = lanes.filter((lane) => lane.scan !== undefined);
    scanning += scans.length;
    const limit = batchSize(sourceCount, maxBuffered * FIRST_SHARE, 0, FIRST_BATCH);
    if (scans.length > 0) await fill(scans, limit);
  };
  const refill = async (empty: Lane<Row, Scan>) => {
    if (empty.rows !== undefined) return pull(empty, empty.rows);
    ceiling = Math.min(ceiling * 2, MAX_BATCH);
    // What each lane may hold in any case takes no room from the others.
    const held = Math.max(buffered - scanning * MIN_BATCH, 0);
    const lanes = [...low];
    const limit = batchSize(lanes.length, maxBuffered, held, ceiling);
    for (let from = 0; from < lanes.length; from += MAX_SCANS_PER_FETCH)
      await fill(lanes.slice(from, from + MAX_SCANS_PER_FETCH), limit);
    if (lanes.length < LOOK_AHEAD) await lookAhead();
  };
  const lookAhead = async () => {
    const held = Math.max(buffered - scanning * MIN_BATCH, 0);
    if (held + LOOK_AHEAD * FIRST_BATCH > maxBuffered) return;
    const next = heap.first(LOOK_AHEAD).filter(isNearlyEmpty);
    // For a few it is not worth the round trip.
    if (next.length * 2 >= LOOK_AHEAD) await fill(next, FIRST_BATCH);
  };
  return { open, refill, took };
}

function isNearlyEmpty<Row, Scan>({ scan, buffer, at }: Lane<Row, Scan>): boolean {
  return scan !== undefined && buffer.length - at <= MIN_BATCH;
}

/**
 * Lanes that wait with full buffers leave little room; a quarter of all of it is granted to those that run low all the
 * same, until the limit is passed.
 */
function batchSize(lanes: number, maxBuffered: number, buffered: number, ceiling: number): number {
  const room = buffered < maxBuffered ? Math.max(maxBuffered - buffered, maxBuffered / 4) : 0;
  return Math.max(Math.min(Math.floor(room / lanes), ceiling), MIN_BATCH);
}

/** What is left of the old batch stays in front: the lane's first row does not change. */
function append<Row, Scan>(lane: Lane<Row, Scan>, rows: readonly Row[]): void {
  lane.buffer = lane.at >= lane.buffer.length ? rows : [...lane.buffer.slice(lane.at), ...rows];
  lane.at = 0;
}

function pull<Row, Scan>(lane: Lane<Row, Scan>, rows: Iterator<Row>): void {
  const batch: Row[] = [];
  for (let next = rows.next(); ; next = rows.next()) {
    if (next.done === true) {
      lane.rows = undefined;
      break;
    }
    batch.push(next.value);
    if (batch.length === FIRST_BATCH) break;
  }
  lane.buffer = batch;
  lane.at = 0;
}

/** A binary heap of lanes by id, then by source. */
class LaneHeap<Row, Scan> {
  readonly #lanes: Lane<Row, Scan>[] = [];

  push(lane: Lane<Row, Scan>): void {
    const lanes = this.#lanes;
    let at = lanes.length;
    lanes.push(lane);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = lanes[parent] as Lane<Row, Scan>;
      if (!isBefore(lane, above)) break;
      lanes[at] = above;
      at = parent;
    }
    lanes[at] = lane;
  }

  pop(): Lane<Row, Scan> | undefined {
    const lanes = this.#lanes;
    const first = lanes[0];
    const last = lanes.pop();
    if (first === undefined || last === undefined || lanes.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= lanes.length) break;
      const right = lanes[child + 1];
      if (right !== undefined && isBefore(right, lanes[child] as Lane<Row, Scan>)) child += 1;
      const below = lanes[child] as Lane<Row, Scan>;
      if (!isBefore(below, last)) break;
      lanes[at] = below;
      at = child;
    }
    lanes[at] = last;
    return first;
  }

  /** The first ones, in order. */
  first(count: number): readonly Lane<Row, Scan>[] {
    const first: Lane<Row, Scan>[] = [];
    for (let lane = this.pop(); lane !== undefined; lane = first.length < count ? this.pop() : undefined)
      first.push(lane);
    for (const lane of first) this.push(lane);
    return first;
  }

  popIf(id: string): Lane<Row, Scan> | undefined {
    return this.#lanes[0]?.id === id ? this.pop() : undefined;
  }
}

function isBefore<Row, Scan>(a: Lane<Row, Scan>, b: Lane<Row, Scan>): boolean {
  return a.id < b.id || (a.id === b.id && a.source < b.source);
}
