import type { CliContext, Sink } from "./context.ts";

export function line(sink: Sink, text = ""): void {
  sink.write(`${text}\n`);
}

/** One JSON value on one line, so that many of them make JSON Lines. */
export function json(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Columns padded to their widest cell, two spaces apart; the last one is left ragged. */
export function table(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows
    .map((row) => indent + row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  "))
    .join("\n");
}

/** `1 tuple`, `12,345 tuples`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}
