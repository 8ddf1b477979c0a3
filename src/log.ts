import { pino } from "pino";
import { createBatchingDestination } from "./log/batching-destination.ts";
import { createIsoClock, flatLine, printable } from "./log/flat-line.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Plain values that end up as JSON members of one line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line per call. Never given a token, an `authorization` header or the content of a tuple's caveat. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** The second line of defence, should a credential ever be put into a field under one of its usual names. */
const SECRET_FIELDS = ["authorization", "token", "secret", "password", "consistencyToken", "cursor"];
const SECRETS: ReadonlySet<string> = new Set(SECRET_FIELDS);

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where the lines go; standard output by default. */
  readonly destination?: { write(line: string): void };
}

/** JSON lines with an ISO time. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? createBatchingDestination();
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
  };
  const full = pino(settings, { write: (line: string) => void destination.write(printable(line)) });
  const time = createIsoClock(Date.now);
  const writer = (level: keyof Logger) => {
    if (!full.isLevelEnabled(level)) return () => undefined;
    return (fields: LogFields, message: string): void => {
      const line = flatLine(level, time(), fields, message, SECRETS);
      if (line === undefined) full[level](fields, message);
      else destination.write(line);
    };
  };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}

export const SILENT_LOGGER: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
