import type { Command } from "commander";
import { isObjectId } from "../model/object.ts";
import { parseCount } from "./connection.ts";
import type { CliContext } from "./context.ts";
import { badInput } from "./exit.ts";
import { readInput } from "./files.ts";
import { append } from "./question-flags.ts";

const MAX_LIMIT = 4_294_967_295;

/** Flags of both lookups. */
export interface LookupOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly ids?: readonly string[];
  readonly count?: boolean;
  readonly json?: boolean;
}

export function lookupFlags(command: Command, what: string): Command {
  return command
    .option("--limit <n>", "stop after this many, and say how to go on (default: all)", (text) =>
      parseCount(text, "--limit", 1, MAX_LIMIT),
    )
    .option("--cursor <cursor>", "go on where an earlier lookup with the same question stopped")
    .option("--ids <id,...|@file>", `look only at these ${what}; may be repeated, a file has one id per line`, append)
    .option("--count", "print how many there are instead; --limit caps the counting");
}

/** The part of a lookup's request that these flags make. */
export interface LookupParts {
  readonly limit: number;
  readonly cursor: string;
  readonly candidateIds: string[];
  readonly countOnly: boolean;
}

/** @throws CliError for an id that is none, and for no ids at all: the server would take that for all of them. */
export async function lookupParts(context: CliContext, options: LookupOptions): Promise<LookupParts> {
  if (options.count === true && options.cursor !== undefined) throw badInput("give --count or --cursor, not both");
  return {
    limit: options.limit ?? 0,
    cursor: options.cursor ?? "",
    candidateIds: options.ids === undefined ? [] : await readIds(context, options.ids),
    countOnly: options.count === true,
  };
}

async function readIds(context: CliContext, given: readonly string[]): Promise<string[]> {
  const ids = new Set<string>();
  for (const text of given) {
    const separated = text.startsWith("@") ? (await readInput(context, text.slice(1))).split("\n") : text.split(",");
    for (const id of separated.map((part) => part.trim()).filter((part) => part !== "")) {
      if (!isObjectId(id)) throw badInput(`not an id: ${JSON.stringify(id)}`, { where: "--ids" });
      ids.add(id);
    }
  }
  if (ids.size > 0) return [...ids];
  throw badInput("no ids are given", { where: "--ids", hint: "leave --ids out to look at all of them" });
}
