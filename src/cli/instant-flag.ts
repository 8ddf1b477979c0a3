import { type Timestamp, timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { badInput } from "./exit.ts";

/** An instant given on the command line. @throws CliError that names the flag */
export function parseInstant(text: string, flag: string): Timestamp {
  const date = new Date(text);
  // A time without a zone would mean another instant on another machine.
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(date.getTime()))
    return timestampFromDate(date);
  throw badInput(`${flag} expects an instant, not ${JSON.stringify(text)}`, {
    where: flag,
    hint: "such as 2026-01-31T12:00:00Z",
  });
}

const UNITS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

/** An instant, or as long ago as `90d`, `12h`, `30m` or `45s`. */
export function parseSince(text: string, flag: string, nowMs: number): Timestamp {
  const [, amount, unit = ""] = /^(\d{1,9})([dhms])$/.exec(text.trim()) ?? [];
  if (amount === undefined) return parseInstant(text, flag);
  return timestampFromMs(nowMs - Number(amount) * (UNITS_MS[unit] ?? 0));
}
