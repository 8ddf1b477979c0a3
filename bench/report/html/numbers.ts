/** As axes have them: `1.2M`, `100k`, `0.05`. */
export function compact(value: number): string {
  const size = Math.abs(value);
  for (const [unit, sign] of UNITS) if (size >= unit) return `${digits(value / unit)}${sign}`;
  return digits(value);
}

const UNITS = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

export function mebibytes(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${digits(bytes / 1024 ** 3)} GiB` : `${digits(bytes / 1024 ** 2)} MiB`;
}

export function percent(value: number): string {
  return value === 0 ? "0 %" : `${value > 0 ? "+" : "−"}${digits(Math.abs(value))} %`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** What can be drawn on an axis that knows no zero. */
export function positive(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
