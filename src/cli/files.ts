import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { CliContext } from "./context.ts";
import { badInput, type CliError } from "./exit.ts";

/** Text of a file named on the command line, or of stdin for `-`. @throws CliError that names the file. */
export async function readInput(context: CliContext, path: string): Promise<string> {
  if (path === "-") return readStdin(context);
  try {
    return await readFile(resolve(context.cwd, path), "utf8");
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** Text of a file, or undefined when there is none. @throws CliError when there is one that cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cannotRead(path, error);
  }
}

async function readStdin(context: CliContext): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of context.stdin) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString("utf8");
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "this is a directory, not a file",
  EACCES: "no permission to read this file",
  ENOTDIR: "no such file: a part of the path is not a directory",
};

export function cannotRead(path: string, error: unknown): CliError {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const why = READ_FAILURES[code] ?? (error instanceof Error ? error.message : String(error));
  return badInput(`cannot read ${path}: ${why}`, { where: path, cause: error });
}

export function cannotWrite(path: string, error: unknown): CliError {
  // Node's own words go on with the call and its path: `, open '/there/name'`.
  const why = error instanceof Error ? error.message.replace(/^\w+: |, \w+ '.*$/g, "") : String(error);
  return badInput(`cannot write ${path}: ${why}`, { where: path, cause: error });
}
