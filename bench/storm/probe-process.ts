// The quiet caller in a process of its own: what the storm's generator does must not be what it measures.
import { setTimeout as sleep } from "node:timers/promises";
import { answerParent } from "../load/child.ts";
import type { PendingCall } from "../load/connection.ts";
import { type GrpcRequest, grpcRequests } from "../load/grpc-requests.ts";
import { judgeOf } from "../load/judge.ts";
import { openRawConnection } from "../load/raw-connection.ts";
import type { LoadRequest, LoadTarget } from "../load/target.ts";

export interface ProbeOptions {
  /** Of one request, over gRPC. */
  readonly target: LoadTarget;
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

/**
 * A quiet caller: sends at its own pace whatever becomes of earlier calls, and sleeps in between, so that the generator
 * itself takes no core from what it measures. A call's time is from its sending to its answer.
 */
async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { target, ratePerSecond, durationMs } = options;
  const [request] = grpcRequests(target) as readonly [GrpcRequest];
  const isRight = judgeOf("grpc", (target.requests[0] as LoadRequest).answer);
  const connection = await openRawConnection(target.host, target.port, (error) => {
    throw error;
  });
  const tookMs: number[] = [];
  let wrong = 0;
  const startedMs = performance.now();
  const total = Math.floor((durationMs / 1000) * ratePerSecond);
  for (let sent = 0; sent < total; sent++) {
    const dueInMs = startedMs + (sent * 1000) / ratePerSecond - performance.now();
    if (dueInMs > 0) await sleep(dueInMs);
    const sentMs = performance.now();
    const call: PendingCall = {
      onEnd: (answer, failure) => {
        tookMs.push(performance.now() - sentMs);
        if (failure !== undefined || !isRight(answer)) wrong += 1;
      },
    };
    connection.ask(request, call);
    connection.flush();
  }
  while (connection.inFlight > 0) await sleep(5);
  await connection.close();
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.min(tookMs.length - 1, Math.floor(share * tookMs.length))] ?? Number.NaN;
  return { calls: tookMs.length, wrong, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

answerParent<ProbeOptions, ProbeResult>(probe, () => undefined);
