const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

const MS_PER_MINUTE = 60_000;

/**
 * An RFC 3339 time as milliseconds since the epoch; undefined when it is not one (30 February, hour 24, a leap second).
 * Anything finer than a millisecond is cut off, so that an expiry never comes late.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) {
    return undefined;
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fraction = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
    return undefined;
  }
  const date = new Date(0);
  // setUTCFullYear, since Date.UTC reads the years 0–99 as 1900–1999.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  date.setUTCHours(hour, minute, second, fraction);
  const offset = (offsetHour * 60 + offsetMinute) * MS_PER_MINUTE * (match[8] === "-" ? -1 : 1);
  return date.getTime() - offset;
}

/** RFC 3339 in UTC, with milliseconds only when there are some. */
export function formatTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(".000Z", "Z");
}
