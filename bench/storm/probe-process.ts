// The quiet caller in a process of its own: what the storm's generator does must not be what it measures.
import { setTimeout as sleep } from "node:timers/promises";
import { answerParent } from "../load/child.ts";
import type { HeaderField } from "../load/hpack-encoder.ts";
import { openRawConnection, type PendingCall } from "../load/raw-connection.ts";

export interface ProbeOptions {
  readonly port: number;
  readonly headers: readonly HeaderField[];
  readonly message: Uint8Array;
  /** How the right answer begins. */
  readonly answer: Uint8Array;
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

export interface ProbeResult {
  readonly calls: number;
  readonly wrong: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const GRPC_PREFIX_BYTES = 5;

/**
 * A quiet caller: sends at its own pace whatever becomes of earlier calls, and sleeps in between, so that the generator
 * itself takes no core from what it measures. A call's time is from its sending to its answer.
 */
async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { port, headers, message, answer, ratePerSecond, durationMs } = options;
  const connection = await openRawConnection("127.0.0.1", port);
  const frames = connection.prepare(headers, message);
  connection.flush();
  while (connection.inFlight > 0) await sleep(5);
  const tookMs: number[] = [];
  let wrong = 0;
  const startedMs = performance.now();
  const total = Math.floor((durationMs / 1000) * ratePerSecond);
  for (let sent = 0; sent < total; sent++) {
    const dueInMs = startedMs + (sent * 1000) / ratePerSecond - performance.now();
    if (dueInMs > 0) await sleep(dueInMs);
    const sentMs = performance.now();
    const call: PendingCall = {
      onEnd: (_, bytes) => {
        tookMs.push(performance.now() - sentMs);
        const found = bytes.subarray(GRPC_PREFIX_BYTES, GRPC_PREFIX_BYTES + answer.length);
        if (!found.equals(answer)) wrong += 1;
      },
    };
    connection.ask(frames, call);
    connection.flush();
  }
  while (connection.inFlight > 0) await sleep(5);
  await connection.close();
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.min(tookMs.length - 1, Math.floor(share * tookMs.length))] ?? Number.NaN;
  return { calls: tookMs.length, wrong, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

answerParent<ProbeOptions, ProbeResult>(probe, () => undefined);
