import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Account } from "./account.ts";
import { SERVER_ENV } from "./cluster.ts";

/**
 * A shell stands between relata and PostgreSQL and holds one end of a pipe. When relata dies by whatever signal, the pipe
 * ends, and the shell stops PostgreSQL: fast (SIGINT) at first, and hard (SIGQUIT; the next start recovers) after 10 s.
 * The shell leads a session of its own, so a terminal's Ctrl-C reaches relata alone, which decides when to stop.
 */
const SCRIPT = `
"$@" </dev/null 3<&- &
server=$!
(
  read -r _
  kill -INT $server
  waited=0
  while [ $waited -lt 100 ] && kill -0 $server; do sleep 0.1; waited=$((waited + 1)); done
  kill -QUIT $server
) <&3 2>/dev/null &
watchdog=$!
echo $server >&3
exec 3<&-
wait $server
status=$?
kill $watchdog 2>/dev/null
exit $status
`;

/** As much of the server's log as an error message may need. */
const LOG_BYTES = 8192;

export interface WatchedServer {
  /** PostgreSQL's own process, not the shell's. */
  readonly pid: number;
  /** Resolves, never rejects, when PostgreSQL has ended. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** The end of what PostgreSQL logged. */
  log(): string;
  /** Closes the pipe: the shell stops PostgreSQL. */
  release(): void;
  /** From now on node may exit although PostgreSQL runs. */
  unref(): void;
}

export async function spawnWatched(
  binDir: string,
  args: readonly string[],
  account: Account | undefined,
): Promise<WatchedServer> {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", join(binDir, "postgres"), ...args], {
    ...(account && { uid: account.uid, gid: account.gid }),
    cwd: "/",
    env: SERVER_ENV,
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const [log, pipe] = [socketOf(child, 2), socketOf(child, 3)];
  let tail = "";
  log.on("data", (chunk) => {
    tail = (tail + chunk).slice(-LOG_BYTES);
  });
  let ended = false;
  const end = once(child, "close").then(() => {
    ended = true;
    pipe.destroy();
  });
  pipe.on("error", () => pipe.destroy());
  const [said] = await Promise.race([
    once(pipe, "data"),
    once(child, "error").then(([error]) => Promise.reject(error)),
  ]);
  return {
    pid: Number(said),
    ended: end,
    hasEnded: () => ended,
    log: () => tail,
    release: () => {
      child.ref();
      log.ref();
      pipe.destroy();
    },
    unref: () => {
      child.unref();
      log.unref();
      pipe.unref();
    },
  };
}

function socketOf(child: ChildProcess, fd: number): Socket {
  const stream = child.stdio[fd];
  if (stream instanceof Socket) return stream;
  throw new Error(`file descriptor ${fd} of the watchdog is not a pipe`);
}
