import type { MetricFamily } from "../../metrics.ts";

/** What the primary process wants to know of each worker. */
export interface Answers {
  readonly metrics: readonly MetricFamily[];
  readonly readiness: WorkerReadiness;
}

export interface WorkerReadiness {
  /** Whether it can answer requests. */
  readonly ok: boolean;
  readonly status: string;
  /** For a person, as JSON. */
  readonly body: unknown;
}

export type Topic = keyof Answers;

export type ToWorker =
  | { readonly kind: "ask"; readonly id: number; readonly topic: Topic }
  /** No new requests, the running ones finish, then it ends. */
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "serving"; readonly grpcPort: number; readonly httpPort: number }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answers[Topic] };

/** Set for the processes of workers: the worker's number, from 1. A worker that takes the place of one that died has its number. */
export const WORKER_VARIABLE = "RELATA_CLUSTER_MEMBER";

export function workerNumber(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const number = Number(env[WORKER_VARIABLE] || Number.NaN);
  return Number.isInteger(number) ? number : undefined;
}
