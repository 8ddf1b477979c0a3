import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

const GRACE_MS = 10_000;
const ANSWER_MS = 120_000;

/** A process of the bench that answers one question after another. */
export interface Child<Question, Answer> {
  /** @param withinMs what takes longer has stalled, and fails; default two minutes */
  ask(question: Question, withinMs?: number): Promise<Answer>;
  /** Closes the channel, upon which the process ends itself. */
  close(): Promise<void>;
}

export interface ChildOptions {
  readonly execArgv?: readonly string[];
  /** A file for what the process prints; default: where this one prints. */
  readonly stdout?: number;
}

export function startChild<Question extends object, Answer>(
  path: string,
  { execArgv = [], stdout }: ChildOptions = {},
): Child<Question, Answer> {
  const child: ChildProcess = fork(path, {
    execArgv: [...execArgv],
    // Bytes arrive as bytes.
    serialization: "advanced",
    stdio: ["ignore", stdout ?? "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  return {
    async ask(question, withinMs = ANSWER_MS) {
      child.send(question);
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), withinMs);
      const answer = await Promise.race([once(child, "message", late), ended.then(() => undefined)])
        .catch((cause: unknown) => {
          throw new Error(`${path} did not answer within ${withinMs / 1000} s`, { cause });
        })
        .finally(() => clearTimeout(timer));
      if (answer === undefined) throw new Error(`${path} has ended`);
      const [message] = answer as [{ readonly failed: string } | { readonly answer: Answer }];
      if ("failed" in message) throw new Error(`${path}: ${message.failed}`);
      return message.answer;
    },
    async close() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The other side: answers until the channel closes. */
export function answerParent<Question, Answer>(
  answer: (question: Question) => Promise<Answer>,
  onClose: () => Promise<void> | void,
): void {
  process.on("message", (question: Question) => {
    answer(question).then(
      (value) => process.send?.({ answer: value }),
      (error: unknown) =>
        process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once("disconnect", () => void onClose());
}
