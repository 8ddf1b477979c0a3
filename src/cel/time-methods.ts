import type { Budget } from "./budget.ts";
import { floorDivide, NANOS_PER_SECOND } from "./instant.ts";
import { noOverload, type StrictFunction } from "./overload.ts";
import { Duration, Fault, Timestamp } from "./value.ts";

/**
 * `getHours()` and its like. In UTC unless a zone is given: the library's own methods go by way of the machine's zone, which
 * has hours that do not exist.
 */
export const TIME_METHODS: readonly (readonly [string, StrictFunction])[] = [
  ...part("getFullYear", (date) => date.getUTCFullYear()),
  ...part("getMonth", (date) => date.getUTCMonth()),
  ...part("getDate", (date) => date.getUTCDate()),
  ...part("getDayOfMonth", (date) => date.getUTCDate() - 1),
  ...part("getDayOfWeek", (date) => date.getUTCDay()),
  ...part("getDayOfYear", dayOfYear),
  ...part("getHours", (date) => date.getUTCHours(), 3_600n * NANOS_PER_SECOND),
  ...part("getMinutes", (date) => date.getUTCMinutes(), 60n * NANOS_PER_SECOND),
  ...part("getSeconds", (date) => date.getUTCSeconds(), NANOS_PER_SECOND),
  ...part("getMilliseconds", (date) => date.getUTCMilliseconds(), NANOS_PER_SECOND / 1_000n),
];

/** @param unit of a duration: how many whole ones it has; undefined where durations have no such part */
function part(name: string, ofDate: (date: Date) => number, unit?: bigint): [string, StrictFunction][] {
  const method: StrictFunction = (values, budget) => {
    const [time = null, zone] = values;
    if (time instanceof Duration && unit !== undefined && zone === undefined) {
      return time.nanos / unit;
    }
    if (!(time instanceof Timestamp) || (zone !== undefined && typeof zone !== "string")) {
      return noOverload(name, values);
    }
    const date = zone === undefined ? dateOf(time) : dateIn(time, zone, budget);
    return date instanceof Date ? BigInt(ofDate(date)) : date;
  };
  return [[name, method]];
}

function dateOf({ nanos }: Timestamp): Date {
  return new Date(Number(floorDivide(nanos, NANOS_PER_SECOND / 1_000n)));
}

const MS_PER_DAY = 86_400_000;

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / MS_PER_DAY);
}

/** The date whose UTC parts are what clocks in the zone show: an offset such as `+02:00`, or a name of the IANA database. */
function dateIn(time: Timestamp, zone: string, budget: Budget): Date | Fault {
  const date = dateOf(time);
  const [, sign, hours, minutes] = /^([+-]?)([0-9]{2}):([0-9]{2})$/.exec(zone) ?? [];
  if (hours !== undefined) {
    const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return new Date(date.getTime() + (sign === "-" ? -offsetMs : offsetMs));
  }
  budget.spend(STEPS_OF_ZONE);
  const format = formatIn(zone);
  if (format === undefined) {
    return new Fault(`there is no time zone ${JSON.stringify(zone.slice(0, 60))}`, "there is no such time zone");
  }
  const parts = new Map(format.formatToParts(date).map(({ type, value }) => [type, Number(value)]));
  const shown = new Date(0);
  shown.setUTCFullYear(parts.get("year") ?? 0, (parts.get("month") ?? 1) - 1, parts.get("day") ?? 1);
  const [hour = 0, minute = 0, second = 0] = [parts.get("hour"), parts.get("minute"), parts.get("second")];
  shown.setUTCHours(hour, minute, second, date.getUTCMilliseconds());
  return shown;
}

/** 15 µs, and 50 for a name that there is not. The same whatever was asked before, as all costs must be. */
const STEPS_OF_ZONE = 100;

/** Making one takes 100 µs. There are some 600 names, known in any mixture of cases; wrong ones are not kept. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  const key = timeZone.toLowerCase();
  const known = FORMATS.get(key);
  if (known !== undefined) {
    return known;
  }
  try {
    const number = "numeric" as const;
    const format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone, hourCycle: "h23", year: number, month: number, day: number },
      ...{ hour: number, minute: number, second: number },
    });
    FORMATS.set(key, format);
    return format;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
