import { type Duration, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { badInput } from "../exit.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** `90d`, `12h`, `30m`, `45s` or `0`. @throws CliError that names the flag */
export function parseLifetime(text: string, flag: string): Duration {
  const [, amount, unit] = /^(\d{1,9})([dhms])$/.exec(text.trim()) ?? [];
  if (text.trim() === "0") return durationFromMs(0);
  const factor = UNITS.find(([name]) => name === unit)?.[1];
  if (amount !== undefined && factor !== undefined) return durationFromMs(Number(amount) * factor);
  throw badInput(`${flag} expects a time, not ${JSON.stringify(text)}`, {
    where: flag,
    hint: "such as 90d, 12h or 30m",
  });
}

/** In the largest unit that says it without a fraction. */
export function formatLifetime(duration: Duration | undefined): string {
  const ms = duration === undefined ? 0 : durationMs(duration);
  const [unit, factor] = UNITS.find(([, each]) => ms !== 0 && ms % each === 0) ?? (["s", 1_000] as const);
  return `${ms / factor}${unit}`;
}
