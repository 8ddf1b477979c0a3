import type { Answers, Topic, ToWorker } from "./messages.ts";

/**
 * A worker that does not answer within this is as good as none: who asks has a deadline too. More than the 2 s after which a
 * worker knows that its database is silent: that is when its figures are wanted most.
 */
const ANSWER_WITHIN_MS = 3_000;

/** Questions to one worker that wait for their answers. */
export interface Questions {
  /** Undefined when there is no answer in time, or the worker ends without one. */
  ask<T extends Topic>(topic: T, send: (message: ToWorker) => void): Promise<Answers[T] | undefined>;
  answered(id: number, answer: Answers[Topic]): void;
  /** The worker has ended: nobody waits for it any longer. */
  ended(): void;
}

export function createQuestions(): Questions {
  const waiting = new Map<number, (answer: Answers[Topic] | undefined) => void>();
  let lastId = 0;
  return {
    ask: <T extends Topic>(topic: T, send: (message: ToWorker) => void) =>
      new Promise<Answers[T] | undefined>((resolve) => {
        lastId += 1;
        const id = lastId;
        const timer = setTimeout(() => settle(undefined), ANSWER_WITHIN_MS);
        const settle = (answer: Answers[Topic] | undefined) => {
          clearTimeout(timer);
          waiting.delete(id);
          // What comes back under an id is what was asked under it.
          resolve(answer as Answers[T] | undefined);
        };
        waiting.set(id, settle);
        send({ kind: "ask", id, topic });
      }),
    answered(id, answer) {
      waiting.get(id)?.(answer);
    },
    ended() {
      for (const settle of waiting.values()) settle(undefined);
    },
  };
}
