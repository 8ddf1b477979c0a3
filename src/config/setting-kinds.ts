import { z } from "zod";
import { parseSizeBytes } from "./quantity.ts";
import { duration, show } from "./trust-settings.ts";

// The kinds of settings that SETTINGS has several of.

export function count(env: string, fallback: number, min: number, max: number, unit: string, meaning: string) {
  const expected = `expected a whole number from ${min} to ${max}`;
  const schema: z.ZodType<number> = z.preprocess(
    (value) => (typeof value === "string" && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value),
    z
      .number({ error: ({ input }) => `${expected}, found ${show(input)}` })
      .int(expected)
      .min(min, expected)
      .max(max, expected),
  );
  return { type: "number", env: [env], default: fallback, unit, meaning, schema } as const;
}

export function time(env: string, fallbackMs: number, minMs: number, maxMs: number, meaning: string) {
  const schema: z.ZodType<number> = duration(minMs, maxMs);
  return { type: "duration", env: [env], default: fallbackMs, unit: "ms", meaning, schema } as const;
}

export function size(env: string, fallbackBytes: number, maxBytes: number, meaning: string, minBytes = 1) {
  const expected = `expected ${minBytes} to ${maxBytes} bytes, such as 4194304 or 4MiB`;
  const schema: z.ZodType<number> = z.preprocess(
    (value) => parseSizeBytes(value) ?? value,
    z
      .number({ error: ({ input }) => `${expected}, found ${show(input)}` })
      .int(expected)
      .min(minBytes, expected)
      .max(maxBytes, expected),
  );
  return { type: "size", env: [env], default: fallbackBytes, unit: "bytes", meaning, schema } as const;
}

export function rate(env: string, meaning: string) {
  return count(env, 0, 0, 10_000_000, "per second", `${meaning} 0: no limit.`);
}

export function burst(env: string, meaning: string) {
  return count(env, 0, 0, 10_000_000, "calls", `${meaning} 0: a second's worth.`);
}

export function concurrency(env: string, meaning: string) {
  return count(env, 1_000, 0, 1_000_000, "calls", `${meaning} 0: no limit.`);
}

/** Relative to the configuration file, or to where the process was started when it comes from a variable. */
export function path(env: string, meaning: string) {
  const schema: z.ZodType<string> = z.string("expected the path of a file").min(1, "expected the path of a file");
  return { type: "path", env: [env], default: undefined, unit: "", meaning, schema } as const;
}

export function host(env: string, meaning: string) {
  const schema: z.ZodType<string> = z
    .string({ error: ({ input }) => `expected a host or address, found ${show(input)}` })
    .regex(/^[A-Za-z0-9.:_-]+$/, "expected a host or address without scheme, port or brackets");
  // This machine only, until an operator says otherwise: without certificates neither port speaks TLS.
  return { type: "text", env: [env], default: "127.0.0.1", unit: "", meaning, schema } as const;
}

/** The value is a secret (it may hold a password), so messages never repeat it. */
export function postgresUrl(): z.ZodType<string> {
  const expected =
    "expected an address such as postgres://user:password@host:5432/database (not shown: it may hold a password)";
  return z.string(expected).refine((value) => {
    // `postgres://user@/db?host=/run/postgresql` (a Unix socket) is fine for pg but not for URL.
    return /^postgres(ql)?:\/\/\S+$/.test(value);
  }, expected);
}
