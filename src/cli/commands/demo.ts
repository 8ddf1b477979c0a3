import { type Command, Option } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import type { CliContext } from "../context.ts";
import type { DemoStep } from "../demo/run.ts";
import { makeTempDir } from "../demo/temp-dir.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { styleFor } from "../style.ts";

const QUESTIONS = 500;
const MAX_SHOWN_WRONG = 10;

interface Options {
  readonly corrupt?: boolean;
  readonly json?: boolean;
}

export function registerDemo(parent: Command, shell: Shell): void {
  const command = leaf(parent, "demo", "load 23,000 tuples into a throwaway server and check 1,000 known answers")
    .addOption(new Option("--corrupt", "expect one wrong answer, to see the demo fail").hideHelp())
    .addHelpText("after", "\nExit code 0 when every answer is right, 1 when one is wrong. Leaves nothing behind.");
  runs<[], Options>(command, shell, demo);
}

async function demo(context: CliContext, options: Options): Promise<ExitCode> {
  const stop = context.stop();
  const startedAt = context.now();
  const human = options.json !== true;
  // Loaded only here: the server and its libraries would slow every other command down.
  const { startLocalService } = await import("../dev/local-service.ts");
  const { runDemo } = await import("../demo/run.ts");
  const directory = await makeTempDir();
  try {
    if (human) line(context.stdout, "starting PostgreSQL, a token issuer and relata on free ports …");
    const service = await startLocalService({
      dataDir: directory.path,
      grpcPort: 0,
      httpPort: 0,
      issuerPort: 0,
      durable: false,
      logTo: context.stderr,
      now: context.now,
    });
    try {
      const work = runDemo(service, {
        questions: QUESTIONS,
        corrupt: options.corrupt === true,
        now: context.now,
        onStep: (step) => human && line(context.stdout, `  ${step.what}: done`),
      });
      const steps = await untilStopped(work, stop);
      return report(context, human, steps, (context.now() - startedAt) / 1000);
    } finally {
      await service.close();
    }
  } finally {
    await directory.remove();
  }
}

function untilStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  return new Promise((resolve, reject) => {
    stop.addEventListener("abort", () => reject(new Error("interrupted")), { once: true });
    work.then(resolve, reject);
  });
}

function report(context: CliContext, human: boolean, steps: readonly DemoStep[], seconds: number): ExitCode {
  const wrong = steps.flatMap((step) => step.wrong ?? []);
  if (!human) {
    json(context, { steps, wrong: wrong.length, seconds });
    return wrong.length === 0 ? EXIT.ok : EXIT.negative;
  }
  const style = styleFor(context.stdout, context.env);
  const rows = steps.map((step) => [
    step.what,
    step.count.toLocaleString("en-US"),
    step.seconds.toFixed(1),
    Math.round(step.count / Math.max(step.seconds, 0.001)).toLocaleString("en-US"),
    step.allowed === undefined ? "-" : String(step.allowed),
    step.wrong === undefined ? "-" : String(step.wrong.length),
  ]);
  line(context.stdout, `\n${table([["", "COUNT", "SECONDS", "PER SECOND", "ALLOWED", "WRONG"], ...rows], "  ")}\n`);
  for (const question of wrong.slice(0, MAX_SHOWN_WRONG)) line(context.stdout, `  wrong: ${question}`);
  const verdict =
    wrong.length === 0 ? style.green("every answer is right") : style.red(`${wrong.length} answers are wrong`);
  line(context.stdout, `${verdict} (${seconds.toFixed(1)} s in all)`);
  return wrong.length === 0 ? EXIT.ok : EXIT.negative;
}
