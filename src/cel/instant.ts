import { Duration, Fault, Timestamp } from "./value.ts";

export const NANOS_PER_SECOND = 1_000_000_000n;
const NANOS_PER_MS = 1_000_000n;
const MIN_TIMESTAMP = BigInt(Date.parse("0001-01-01T00:00:00Z")) * NANOS_PER_MS;
const END_OF_TIMESTAMPS = BigInt(Date.parse("9999-12-31T23:59:59Z")) * NANOS_PER_MS + NANOS_PER_SECOND;

export function timestampOf(nanos: bigint): Timestamp | Fault {
  const fits = nanos >= MIN_TIMESTAMP && nanos < END_OF_TIMESTAMPS;
  return fits ? new Timestamp(nanos) : new Fault("a timestamp must be between the years 1 and 9999");
}

export function durationOf(nanos: bigint): Duration | Fault {
  const fits = BigInt.asIntN(64, nanos) === nanos;
  return fits ? new Duration(nanos) : new Fault("a duration must be shorter than 292 years");
}

const RFC_3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;

/** RFC 3339 with a zone; undefined for anything else, also for days that no month has. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) {
    return undefined;
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = "", sign = "+", zoneHours = "0", zoneMinutes = "0"] = match.slice(7);
  const [offsetHours, offsetMinutes] = [Number(zoneHours), Number(zoneMinutes)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) {
    return undefined;
  }
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  date.setUTCHours(hour, minute, second);
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (sign === "-" ? -1 : 1);
  const nanos = BigInt(date.getTime() - offsetMs) * NANOS_PER_MS + BigInt(fraction.padEnd(9, "0"));
  const timestamp = timestampOf(nanos);
  return timestamp instanceof Fault ? undefined : timestamp;
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: NANOS_PER_MS,
  s: NANOS_PER_SECOND,
  m: 60n * NANOS_PER_SECOND,
  h: 3_600n * NANOS_PER_SECOND,
};

/** As Go writes durations: `1h30m`, `-1.5s`, `0`; undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > 100 || !/^[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) {
    return undefined;
  }
  let nanos = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(/([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const factor = UNITS[unit] ?? 1n;
    nanos +=
      BigInt(whole === "" ? 0 : whole) * factor + (BigInt(`0${fraction}`) * factor) / 10n ** BigInt(fraction.length);
  }
  const duration = durationOf(text.startsWith("-") ? -nanos : nanos);
  return duration instanceof Fault ? undefined : duration;
}

/** RFC 3339 in UTC, with as many digits of the second as it takes. */
export function formatTimestamp({ nanos }: Timestamp): string {
  const seconds = floorDivide(nanos, NANOS_PER_SECOND);
  const date = new Date(Number(seconds) * 1_000).toISOString().slice(0, -".000Z".length);
  return `${date}${fractionOf(nanos - seconds * NANOS_PER_SECOND)}Z`;
}

/** Seconds, `5400.5s`. */
export function formatDuration({ nanos }: Duration): string {
  const absolute = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? "-" : ""}${absolute / NANOS_PER_SECOND}${fractionOf(absolute % NANOS_PER_SECOND)}s`;
}

function fractionOf(nanos: bigint): string {
  return nanos === 0n ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;
}

/** Towards the past, also before the epoch. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}
