import { Readable } from "node:stream";
import type { CliContext, Sink } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/program.ts";

export interface CliRun {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Both outputs and stdin pretend to be a terminal. */
  readonly tty?: boolean;
  /** Being asked to end, as by Ctrl-C. */
  readonly stop?: AbortSignal;
  /** Told everything written to stdout, as it is written. */
  readonly onStdout?: (text: string) => void;
}

const ROOT = new URL("../..", import.meta.url).pathname;

/** Runs one command line in this process, with an environment of its own. The cwd is the project's root by default. */
export async function runTestCli(argv: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const [stdout, stderr] = [collector(options.tty, options.onStdout), collector(options.tty)];
  const stdin = Object.assign(Readable.from([options.stdin ?? ""]), { isTTY: options.tty === true });
  const context: CliContext = {
    env: options.env ?? {},
    cwd: options.cwd ?? ROOT,
    stdin,
    stdout,
    stderr,
    now: Date.now,
    stop: () => options.stop ?? new AbortController().signal,
  };
  const exit = await runCli(argv, context);
  return { exit, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(tty = false, onWrite?: (text: string) => void): Sink & { text(): string } {
  let all = "";
  return {
    write: (text) => {
      all += text;
      onWrite?.(text);
    },
    isTTY: tty,
    columns: 100,
    text: () => all,
  };
}
