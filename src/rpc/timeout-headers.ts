import type { IncomingHttpHeaders } from "node:http";

/** The longest a timer of Node's can run, 24.8 days; a longer one fires at once. */
const MAX_TIMER_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** https://grpc.io/docs/guides/wire.html: at most eight digits and a unit; with smaller units they stay within a timer. */
const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1 };

/**
 * Cuts a timeout that no timer can hold. A caller who allows a month means "no hurry" and must not be told that the time
 * is up; what they get is the server's longest deadline.
 */
export function capTimeoutHeaders(headers: IncomingHttpHeaders): void {
  const connect = headers["connect-timeout-ms"];
  if (typeof connect === "string" && /^\d{1,10}$/.test(connect) && Number(connect) > MAX_TIMER_SECONDS * 1000)
    headers["connect-timeout-ms"] = String(MAX_TIMER_SECONDS * 1000);
  const grpc = headers["grpc-timeout"];
  const [, digits, unit] = (typeof grpc === "string" && /^(\d{1,8})([HMS])$/.exec(grpc)) || [];
  if (digits !== undefined && unit !== undefined && Number(digits) * (SECONDS_OF_UNIT[unit] ?? 1) > MAX_TIMER_SECONDS)
    headers["grpc-timeout"] = `${MAX_TIMER_SECONDS}S`;
}
