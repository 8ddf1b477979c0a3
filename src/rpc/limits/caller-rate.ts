import type { Config } from "../../config.ts";
import { RelataError } from "../../errors.ts";
import { Account } from "./account.ts";
import { BoundedBook } from "./bounded-book.ts";
import { bucketRule } from "./token-bucket.ts";

/** Some 300 bytes each. */
const MAX_CALLERS = 20_000;

/**
 * What one caller of the token service, a client or a subject without one, may ask of one process: the rate of a principal, which
 * it is once it has its tokens. Asked once its secret or token holds, so that nobody else can use it up.
 * @returns throws RATE_LIMITED
 */
export function createCallerRate(
  { principalRate, principalBurst }: Pick<Config, "principalRate" | "principalBurst">,
  monotonic: () => number,
): (name: string) => void {
  const rule = bucketRule(principalRate, principalBurst);
  if (rule === undefined) return () => undefined;
  const callers = new BoundedBook(MAX_CALLERS, (nowMs) => new Account(rule, nowMs));
  return (name) => {
    const nowMs = monotonic();
    const retryAfterMs = callers.of(name, nowMs).take(nowMs);
    if (retryAfterMs === 0) return;
    const metadata = { limit: "principal_rate" };
    throw new RelataError("RATE_LIMITED", "this caller asks for more than its rate", { metadata, retryAfterMs });
  };
}
