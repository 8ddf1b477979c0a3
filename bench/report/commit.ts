import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import type { Report } from "./report.ts";

/** What is measured, where the bench runs in a clone and git is there. */
export function commitFacts(): Report["commit"] | undefined {
  // Installed as a package, it may lie in a clone of something else.
  if (git("ls-files", "--error-unmatch", basename(import.meta.filename)) === undefined) return undefined;
  const log = git("log", "-1", "--format=%H%n%s");
  if (log === undefined) return undefined;
  const [hash = "", subject = ""] = log.split("\n");
  return { hash, subject, dirty: git("status", "--porcelain") !== "" };
}

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", [...args], { cwd: import.meta.dirname, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
