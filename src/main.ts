import process from "node:process";
import type { CliContext } from "./cli/context.ts";
import { EXIT } from "./cli/exit.ts";
import { runCli } from "./cli/program.ts";
import { stopSignal } from "./cli/stop-signal.ts";

/** The root of the one binary: the only place that touches argv, the environment and the exit code. */
const context: CliContext = {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  stop: () => stopSignal(process),
};

// Node's word on what a dependency calls is for its developers: grpc-js names an IP address in each TLS handshake (DEP0123).
process.noDeprecation = true;
// `relata tuple read | head` closes the pipe early: that is the reader's choice, not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`error: cannot write the output: ${error.message}\n`);
  process.exit(EXIT.usage);
});

process.exitCode = await runCli(process.argv.slice(2), context);
// A disk that is full is told a moment after the write: an export that lost its end must not end with 0.
await new Promise((written) => process.stdout.write("", written));
// Whatever a command leaves open (a keep-alive socket, a pool) must not keep a finished command alive.
process.exit();
