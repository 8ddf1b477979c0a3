import { createInterface } from "node:readline";
import type { CliContext } from "./context.ts";

/** Puts a question to whoever sits at the terminal. @returns the line, trimmed; undefined when input ended without one */
export async function askOnTerminal(context: CliContext, question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: context.stdin, terminal: false });
  try {
    context.stdout.write(question);
    for await (const answer of terminal) return answer.trim();
    return undefined;
  } finally {
    terminal.close();
  }
}
