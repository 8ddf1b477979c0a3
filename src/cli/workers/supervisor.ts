import cluster, { type Worker } from "node:cluster";
import type { Logger } from "../../log.ts";
import { type Answers, type FromWorker, type Topic, type ToWorker, WORKER_VARIABLE } from "./messages.ts";
import { createQuestions, type Questions } from "./questions.ts";

export interface SupervisorOptions {
  readonly workers: number;
  readonly log: Logger;
  /** How long workers have to end once they are told. */
  readonly graceMs: number;
}

export interface Ports {
  readonly grpcPort: number;
  readonly httpPort: number;
}

export interface Supervisor {
  /** Resolves once all have been started; with the exit code of the first when that one cannot serve. */
  start(): Promise<Ports | { readonly exit: number }>;
  /** By the worker's number; undefined of one that is not there or does not answer in time. */
  ask<T extends Topic>(topic: T): Promise<ReadonlyMap<number, Answers[T] | undefined>>;
  readonly restarts: number;
  readonly serving: number;
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;
/** Who served for so long has not died of its start. */
const SOUND_AFTER_MS = 60_000;
/** Beyond the grace, for closing what is open. */
const CLOSING_MS = 5_000;

interface Slot {
  readonly number: number;
  worker: Worker | undefined;
  /** To the worker of now. */
  questions: Questions;
  isServing: boolean;
  startedAtMs: number;
  failuresInARow: number;
  retry: NodeJS.Timeout | undefined;
}

/**
 * Keeps so many processes of this same command running behind the same ports: node:cluster listens here and hands
 * connections out in turn. One that dies is replaced, at once and then ever later.
 */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log } = options;
  const slots = Array.from({ length: options.workers }, (_, index): Slot => newSlot(index + 1));
  let restarts = 0;
  let started = false;
  let stopping = false;
  // The default, except on Windows.
  cluster.schedulingPolicy = cluster.SCHED_RR;

  function fork(slot: Slot): Promise<Ports | { readonly exit: number }> {
    // Whoever wrapped this process watches it, not the workers: they end with this process.
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(slot.number), RELATA_WRAPPED: "" });
    const questions = createQuestions();
    slot.worker = worker;
    slot.questions = questions;
    slot.startedAtMs = performance.now();
    return new Promise((resolve) => {
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "answer") return questions.answered(message.id, message.answer);
        slot.isServing = true;
        resolve(message);
      });
      worker.on("error", (error) => log.warn({ worker: slot.number, error: String(error) }, "worker"));
      worker.once("exit", (code, signal) => {
        slot.worker = undefined;
        slot.isServing = false;
        questions.ended();
        resolve({ exit: code ?? 1 });
        if (!stopping && started) replace(slot, { code, signal });
      });
    });
  }

  function replace(slot: Slot, end: { readonly code: number | null; readonly signal: string | null }): void {
    const livedMs = performance.now() - slot.startedAtMs;
    slot.failuresInARow = livedMs > SOUND_AFTER_MS ? 0 : slot.failuresInARow + 1;
    const againInMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, slot.failuresInARow - 1));
    log.error({ worker: slot.number, ...end, livedMs: Math.round(livedMs), againInMs }, "worker ended");
    slot.retry = setTimeout(() => {
      restarts += 1;
      void fork(slot);
    }, againInMs);
  }

  return {
    async start() {
      const [first, ...others] = slots;
      if (first === undefined) throw new Error("there are no workers to start");
      // What is wrong with the configuration or the database is told once.
      const ports = await fork(first);
      if ("exit" in ports || stopping) return "exit" in ports ? ports : { exit: 0 };
      started = true;
      await Promise.all(others.map(fork));
      return ports;
    },
    async ask(topic) {
      const asked = slots.map(async ({ number, worker, questions, isServing }) => {
        const send = isServing ? worker : undefined;
        const answer = send && (await questions.ask(topic, (message) => tell(send, message)));
        return [number, answer] as const;
      });
      return new Map(await Promise.all(asked));
    },
    get restarts() {
      return restarts;
    },
    get serving() {
      return slots.filter(({ isServing }) => isServing).length;
    },
    async stop() {
      stopping = true;
      await Promise.all(slots.map((slot) => end(slot, options.graceMs + CLOSING_MS)));
    },
  };
}

function newSlot(number: number): Slot {
  return {
    number,
    worker: undefined,
    questions: createQuestions(),
    isServing: false,
    startedAtMs: 0,
    failuresInARow: 0,
    retry: undefined,
  };
}

function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}

/** Resolves when its process has ended, which it has to within `waitMs`. */
function end(slot: Slot, waitMs: number): Promise<void> {
  clearTimeout(slot.retry);
  const { worker } = slot;
  if (worker === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => worker.process.kill("SIGKILL"), waitMs);
    worker.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    // One that has not begun to serve has nothing to finish, and does not listen yet.
    if (slot.isServing) tell(worker, { kind: "stop" });
    else worker.process.kill("SIGTERM");
  });
}
