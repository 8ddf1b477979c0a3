import type { Config } from "../../config.ts";
import { RelataError } from "../../errors.ts";
import { Account } from "./account.ts";
import { BoundedBook } from "./bounded-book.ts";
import { bucketRule } from "./token-bucket.ts";

/** Some 300 bytes each. */
const MAX_CLIENTS = 20_000;

/**
 * What one client of the token service may ask of one process: the rate of a principal, which it is once it has its tokens.
 * Asked once its secret holds, so that nobody else can use it up.
 * @returns throws RATE_LIMITED
 */
export function createClientRate(
  { principalRate, principalBurst }: Pick<Config, "principalRate" | "principalBurst">,
  monotonic: () => number,
): (clientId: string) => void {
  const rule = bucketRule(principalRate, principalBurst);
  if (rule === undefined) return () => undefined;
  const clients = new BoundedBook(MAX_CLIENTS, (nowMs) => new Account(rule, nowMs));
  return (clientId) => {
    const nowMs = monotonic();
    const retryAfterMs = clients.of(clientId, nowMs).take(nowMs);
    if (retryAfterMs === 0) return;
    const metadata = { limit: "principal_rate" };
    throw new RelataError("RATE_LIMITED", "this client asks for more than its rate", { metadata, retryAfterMs });
  };
}
