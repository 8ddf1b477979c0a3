import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface RunningProcess {
  readonly pid: number;
  /** The id of its process group. */
  readonly group: number;
  readonly command: string;
}

/** Every process whose command line contains `text`, this one left out. Zombies have no command line. */
export async function processesNaming(text: string): Promise<readonly RunningProcess[]> {
  const all = process.platform === "linux" ? await fromProc() : await fromPs();
  return all.filter(({ pid, command }) => pid !== process.pid && command.includes(text));
}

/** Slim images have no ps. */
async function fromProc(): Promise<readonly RunningProcess[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      const [command, stat] = [await read("cmdline"), await read("stat")];
      // `pid (name) state ppid pgrp …`, where the name may hold anything.
      const group = Number(stat.slice(stat.lastIndexOf(")") + 1).split(" ")[3]);
      return { pid: Number(pid), group, command: command.replaceAll("\0", " ").trim() };
    }),
  );
  return found.filter(({ command }) => command !== "");
}

async function fromPs(): Promise<readonly RunningProcess[]> {
  const { stdout } = await promisify(execFile)("ps", ["-Ao", "pid=,pgid=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), group: Number(match[2]), command: match[3] ?? "" }] : [];
  });
}
