import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

const GRACE_MS = 10_000;

/** A process of the bench that answers one question after another. */
export interface Child<Question, Answer> {
  ask(question: Question): Promise<Answer>;
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
    async ask(question) {
      child.send(question);
      const answer = await Promise.race([once(child, "message"), ended.then(() => undefined)]);
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
