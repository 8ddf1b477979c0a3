import { readFileSync } from "node:fs";

/** Two signals this close together are one Ctrl-C: the terminal sends it to every process, and a wrapper forwards it. */
const SAME_PRESS_MS = 1_000;
const ORPHAN_POLL_MS = 500;

/**
 * Aborts when the process should end: SIGINT, SIGTERM, SIGHUP, or the wrapper that started it (bin/relata.js, npm) is
 * gone without having been able to say so (SIGKILL). A second, later signal ends the process at once.
 */
export function stopSignal(process: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = (signal: string) => {
    if (!controller.signal.aborted) {
      firstAt = Date.now();
      controller.abort(signal);
    } else if (Date.now() - firstAt > SAME_PRESS_MS) {
      process.exit(130);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  if (process.env["RELATA_WRAPPED"] === "1" && process.channel !== undefined) {
    process.on("disconnect", () => stop("wrapper gone"));
    process.channel?.unref();
  }
  // npm runs npm → node, npx runs npm → sh → node. Killed with SIGKILL it takes nothing with it, so its end is looked for. Only there:
  // `relata dev &` from a shell or a script that ends is meant to live on.
  if (process.env["npm_command"] === "exec" || process.env["npm_package_name"] === "relata") {
    const born = ancestors(process);
    const timer = setInterval(() => {
      if (ancestors(process) !== born) stop("npm gone");
    }, ORPHAN_POLL_MS);
    timer.unref();
  }
  return controller.signal;
}

/** The parent and, where that is the shell npm runs scripts with and /proc tells, its parent: changes when one dies. */
function ancestors(process: NodeJS.Process): string {
  const parent = process.ppid;
  try {
    // pid (command) state ppid …; the command may hold spaces and parentheses
    const stat = readFileSync(`/proc/${parent}/stat`, "utf8");
    const end = stat.lastIndexOf(")");
    const isShell = /^\w*sh$/.test(stat.slice(stat.indexOf("(") + 1, end));
    return isShell ? `${parent} ${stat.slice(end + 2).split(" ")[1]}` : String(parent);
  } catch {
    return String(parent);
  }
}
