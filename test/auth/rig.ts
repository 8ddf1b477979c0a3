import { type Authenticator, type AuthSettings, createAuthenticator } from "../../src/auth/authenticate.ts";
import type { Fetch } from "../../src/auth/fetch-json.ts";
import { type RefusalReason, refusalReason } from "../../src/auth/refusal.ts";
import { RelataError } from "../../src/errors.ts";
import type { LogFields } from "../../src/log.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import type { Binding, TrustedIssuer } from "../../src/model/trust.ts";
import { createClock, type TestClock } from "../support/clock.ts";
import { startTestIssuer, type TestIssuer, type TestIssuerOptions } from "../support/tokens.ts";

export interface LogLine {
  readonly level: "info" | "warn";
  readonly fields: LogFields;
  readonly message: string;
}

/** An authenticator that trusts one live issuer, on a clock that stands still. */
export interface Rig {
  readonly clock: TestClock;
  readonly issuer: TestIssuer;
  readonly auth: Authenticator;
  readonly lines: readonly LogLine[];
  close(): Promise<void>;
}

export interface RigOptions {
  readonly issuer?: TestIssuerOptions;
  readonly trust?: Partial<TrustedIssuer>;
  readonly bindings?: (issuer: string) => readonly Binding[];
  readonly settings?: Partial<AuthSettings>;
  readonly fetch?: Fetch;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const clock = createClock();
  const issuer = await startTestIssuer({ now: clock.now, ...options.issuer });
  const log = recordLog();
  const auth = createAuthenticator(
    {
      issuers: [issuer.trust(options.trust)],
      bindings: options.bindings?.(issuer.issuer) ?? [],
      ...options.settings,
    },
    { now: clock.now, log: log.log, ...(options.fetch && { fetch: options.fetch }) },
  );
  return {
    clock,
    issuer,
    auth,
    lines: log.lines,
    async close() {
      auth.close();
      await issuer.close();
    },
  };
}

export function recordLog(): {
  readonly lines: readonly LogLine[];
  readonly log: Record<"info" | "warn", (fields: LogFields, message: string) => void>;
} {
  const lines: LogLine[] = [];
  const at = (level: LogLine["level"]) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, log: { info: at("info"), warn: at("warn") } };
}

/** The error that a promise rejects with; fails the test when it resolves or rejects with anything but a RelataError. */
export async function refused(outcome: Promise<unknown>): Promise<RelataError> {
  try {
    await outcome;
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw new Error("rejected with something that is not a RelataError", { cause: error });
  }
  throw new Error("was accepted");
}

/** "accepted", or the code of the refusal. */
export async function verdict(
  auth: Authenticator,
  authorization: string | undefined,
): Promise<"accepted" | RefusalReason> {
  try {
    await auth.authenticate(authorization, UNKNOWN_PEER);
    return "accepted";
  } catch (error) {
    const reason = refusalReason(error);
    if (reason === undefined) throw error;
    return reason;
  }
}
