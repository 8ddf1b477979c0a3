/** Milliseconds per unit suffix of a duration. */
const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes per unit suffix of a size; powers of two only, so that one size is written one way. */
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `1500`, `"1500"`, `"1.5s"`, `"24h"` → milliseconds; undefined when it is none of these. */
export function parseDurationMs(value: unknown): number | undefined {
  return parseQuantity(value, DURATION_MS);
}

/** `4194304`, `"4194304"`, `"4MiB"` → bytes; undefined when it is none of these. */
export function parseSizeBytes(value: unknown): number | undefined {
  return parseQuantity(value, SIZE_BYTES);
}

function parseQuantity(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-zA-Z]*)$/.exec(value.trim());
  const amount = match?.[1];
  const unit = match?.[2];
  if (amount === undefined || unit === undefined) return undefined;
  const factor = unit === "" ? 1 : units[unit];
  return factor === undefined ? undefined : Number(amount) * factor;
}
