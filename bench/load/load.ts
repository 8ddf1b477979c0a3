import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { HeaderField } from "./hpack-encoder.ts";
import { type Frames, openRawConnection, type PendingCall, type RawConnection } from "./raw-connection.ts";

/** A request message and the answer that is right, by the beginning of its message: what follows may differ call by call. */
export interface LoadQuestion {
  readonly message: Uint8Array;
  readonly answer: Uint8Array;
}

export interface LoadOptions {
  readonly port: number;
  readonly headers: readonly HeaderField[];
  readonly questions: readonly LoadQuestion[];
  readonly connections: number;
  /** Calls under way at once, over all connections. */
  readonly inFlight: number;
  readonly durationMs: number;
  /** Calls per second, each begun when it is due however late others are. Without it a call begins when another ends. */
  readonly ratePerSecond?: number;
  /** With a rate: sleeps between looks at the clock, so that it takes no more of a core than it needs, and sends nothing once time is over. */
  readonly easy?: boolean;
}

export interface LoadResult {
  readonly calls: number;
  readonly wrong: number;
  readonly callsPerSecond: number;
  /** From when a call was due, where there is a rate. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Of this process, per call. */
  readonly clientCpuMicros: number;
}

/** Asks the questions in turn until the time is over, and waits for what is under way then. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { port, headers, questions, connections: count, inFlight, durationMs, ratePerSecond, easy = false } = options;
  const opened = await Promise.all(Array.from({ length: count }, () => openRawConnection("127.0.0.1", port)));
  const lanes = opened.map((connection) => ({
    connection,
    frames: questions.map(({ message }) => connection.prepare(headers, message)),
  }));
  for (const { connection } of lanes) connection.flush();
  while (lanes.some(({ connection }) => connection.inFlight > 0)) await setImmediate();
  const tally = new Tally(questions);
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const untilMs = startedMs + durationMs;
  if (ratePerSecond === undefined) await closedLoop(lanes, tally, Math.ceil(inFlight / count), untilMs);
  else await openLoop(lanes, tally, { ratePerSecond, easy, startedMs, untilMs });
  while (lanes.some(({ connection }) => connection.inFlight > 0)) await (easy ? sleep(1) : setImmediate());
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(opened.map((connection) => connection.close()));
  return { ...tally.result(elapsedMs), clientCpuMicros: (user + system) / tally.calls };
}

interface Lane {
  readonly connection: RawConnection;
  /** By question. */
  readonly frames: readonly Frames[];
}

async function closedLoop(lanes: readonly Lane[], tally: Tally, each: number, untilMs: number): Promise<void> {
  await Promise.all(
    lanes.map(({ connection, frames }, lane) => {
      let left = each;
      return new Promise<void>((resolve) => {
        // A lane begins elsewhere than its neighbours, so that no two ask the same at once.
        let turn = Math.floor((lane * frames.length) / lanes.length);
        const next = (asked: Asked) => {
          turn = (turn + 1) % frames.length;
          asked.begin(turn, performance.now());
          connection.ask(frames[turn] as Frames, asked);
        };
        const again = (asked: Asked) => {
          if (performance.now() < untilMs) next(asked);
          else if (--left === 0) resolve();
        };
        for (let i = 0; i < each; i++) next(new Asked(tally, again));
        connection.flush();
      });
    }),
  );
}

/** Fewer than the server allows a connection. */
const MAX_STREAMS = 90;

interface Pace {
  readonly ratePerSecond: number;
  readonly easy: boolean;
  readonly startedMs: number;
  readonly untilMs: number;
}

/** Polls the clock between turns of the event loop: a timer of Node's may come a millisecond late, which `easy` puts up with. */
async function openLoop(lanes: readonly Lane[], tally: Tally, pace: Pace): Promise<void> {
  const { ratePerSecond, easy, startedMs, untilMs } = pace;
  const idle: Asked[] = [];
  const rest = (asked: Asked) => void idle.push(asked);
  for (let sent = 0; ; ) {
    const nowMs = performance.now();
    const due = Math.floor(((Math.min(nowMs, untilMs) - startedMs) / 1000) * ratePerSecond);
    for (; sent < due; sent++) {
      const { connection, frames } = lanes[sent % lanes.length] as Lane;
      // As every client does, a call waits for a free stream; it is late from when it was due.
      if (connection.inFlight >= MAX_STREAMS) break;
      const turn = sent % frames.length;
      const asked = idle.pop() ?? new Asked(tally, rest);
      asked.begin(turn, startedMs + (sent * 1000) / ratePerSecond);
      connection.ask(frames[turn] as Frames, asked);
    }
    for (const { connection } of lanes) connection.flush();
    if (nowMs >= untilMs && (easy || sent >= due)) return;
    await (easy ? sleep(1) : setImmediate());
  }
}

class Asked implements PendingCall {
  readonly #tally: Tally;
  readonly #again: (asked: Asked) => void;
  #question = 0;
  #dueMs = 0;

  constructor(tally: Tally, again: (asked: Asked) => void) {
    this.#tally = tally;
    this.#again = again;
  }

  begin(question: number, dueMs: number): void {
    this.#question = question;
    this.#dueMs = dueMs;
  }

  onEnd(_: this, answer: Buffer): void {
    this.#tally.add(this.#question, answer, performance.now() - this.#dueMs);
    this.#again(this);
  }
}

const GRPC_PREFIX_BYTES = 5;
/** 10 µs each up to 10 s: what is between two answers of a histogram is its error. */
const BUCKET_MS = 0.01;
const BUCKETS = 1_000_000;

class Tally {
  readonly #answers: readonly Buffer[];
  readonly #latencies = new Uint32Array(BUCKETS);
  calls = 0;
  wrong = 0;

  constructor(questions: readonly LoadQuestion[]) {
    this.#answers = questions.map(({ answer }) => Buffer.from(answer));
  }

  add(question: number, answer: Buffer, ms: number): void {
    const right = this.#answers[question] as Buffer;
    const end = GRPC_PREFIX_BYTES + right.length;
    this.calls += 1;
    if (answer.length < end || right.compare(answer, GRPC_PREFIX_BYTES, end) !== 0) this.wrong += 1;
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(ms / BUCKET_MS)));
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1;
  }

  result(elapsedMs: number): Omit<LoadResult, "clientCpuMicros"> {
    return {
      calls: this.calls,
      wrong: this.wrong,
      callsPerSecond: (this.calls / elapsedMs) * 1000,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
      p999Ms: this.#quantile(0.999),
    };
  }

  #quantile(share: number): number {
    let left = this.calls * share;
    for (const [bucket, count] of this.#latencies.entries()) {
      left -= count;
      if (left <= 0) return (bucket + 1) * BUCKET_MS;
    }
    return BUCKETS * BUCKET_MS;
  }
}
