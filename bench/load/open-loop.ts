import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { Asked, type Tally } from "./asked.ts";
import type { LoadConnection } from "./connection.ts";
import { Latencies } from "./latencies.ts";

export interface Pace {
  readonly ratePerSecond: number;
  /** Sleeps between looks at the clock, whenever the next call is due. */
  readonly easy: boolean;
  readonly startedMs: number;
  readonly untilMs: number;
  /** How long after the end calls that were due before it are still sent. */
  readonly drainMs: number;
}

export interface OpenLoopUse {
  /** Of the time in which calls were due or sent, that in which the generator was at work. */
  readonly share: number;
  readonly lateP99Ms: number;
  /** Due, and never sent; they count in the latencies with what they had waited. */
  readonly unsent: number;
}

/** Further away than this the next call lets the generator sleep: a timer of Node's may come a millisecond late. */
const SLEEP_FROM_MS = 3;

/**
 * Every call has its time by the clock, whatever becomes of the others. One that finds no free stream waits for it, as with every
 * client; its latency counts from when it was due, so nothing that holds calls back can hide what it costs them.
 */
export async function openLoop<P>(
  connections: readonly LoadConnection<P>[],
  requests: readonly P[],
  tally: Tally,
  pace: Pace,
): Promise<OpenLoopUse> {
  const { ratePerSecond, startedMs, untilMs } = pace;
  const total = Math.round(((untilMs - startedMs) / 1000) * ratePerSecond);
  const dueMs = (call: number) => startedMs + (call * 1000) / ratePerSecond;
  const late = new Latencies();
  const idle: Asked[] = [];
  const rest = (asked: Asked) => void idle.push(asked);
  const use = new Spinning();
  // When it was last seen that no stream was free: what waits for the server is not late by the generator's fault.
  let blockedMs = startedMs;
  let sent = 0;
  for (let turn = 0; sent < total && performance.now() < untilMs + pace.drainMs; ) {
    const nowMs = performance.now();
    const before = sent;
    const due = Math.min(total, Math.floor(((nowMs - startedMs) / 1000) * ratePerSecond) + 1);
    for (; sent < due; sent++) {
      const connection = freeOne(connections, turn);
      if (connection === undefined) break;
      turn += 1;
      late.add(performance.now() - Math.max(dueMs(sent), blockedMs));
      const asked = idle.pop() ?? new Asked(tally, rest);
      asked.ask(connection, requests, sent % requests.length, dueMs(sent));
    }
    for (const connection of connections) connection.flush();
    if (sent < due) blockedMs = performance.now();
    if (sent >= total) break;
    const pausedMs = performance.now();
    const answered = tally.calls;
    const slept = await pause(pace.easy, sent < due ? 0 : dueMs(sent) - pausedMs);
    if (slept) continue;
    if (sent === before) use.idle(nowMs, pausedMs);
    if (answered === tally.calls) use.idle(pausedMs, sent < due ? performance.now() : dueMs(sent));
  }
  const endedMs = performance.now();
  for (let call = sent; call < total; call++) tally.latencies.add(endedMs - dueMs(call));
  return { share: use.share(), lateP99Ms: late.quantileMs(0.99), unsent: total - sent };
}

/** Connections take turns; one that can take no more is passed over. */
function freeOne<P>(connections: readonly LoadConnection<P>[], turn: number): LoadConnection<P> | undefined {
  for (let step = 0; step < connections.length; step++) {
    const connection = connections[(turn + step) % connections.length];
    if (connection?.free) return connection;
  }
  return undefined;
}

/** @returns whether it slept */
async function pause(easy: boolean, untilDueMs: number): Promise<boolean> {
  if (untilDueMs > SLEEP_FROM_MS) await sleep(untilDueMs - SLEEP_FROM_MS + 1);
  else if (easy) await sleep(1);
  else return await setImmediate(false);
  return true;
}

/**
 * The loop does not sleep when calls are due soon, so neither CPU time nor the event loop says how much of it was needed: a turn in which
 * nothing was sent and nothing arrived was idle, until the next call was due.
 */
class Spinning {
  readonly #loop = performance.eventLoopUtilization();
  #idleMs = 0;

  idle(fromMs: number, untilMs: number): void {
    this.#idleMs += Math.max(0, Math.min(untilMs, performance.now()) - fromMs);
  }

  /** Of the time since this was made, that in which the generator was at work. */
  share(): number {
    const { active, idle } = performance.eventLoopUtilization(this.#loop);
    return Math.max(0, active - this.#idleMs) / Math.max(1e-3, active + idle);
  }
}
