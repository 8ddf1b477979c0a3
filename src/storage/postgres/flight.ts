import pg from "pg";
import type { Bound } from "./statement.ts";

/** Sees every statement that is sent, flight by flight: for tests and metrics. */
export type Observer = (flight: readonly Bound[]) => void;

/** The rows of each statement, in order. */
export type Answers<Flight extends readonly Bound[]> = {
  -readonly [Index in keyof Flight]: Flight[Index] extends Bound<infer Row> ? readonly Row[] : never;
};

/** Why a flight failed, and whether its last statement is known not to have run. */
export class FlightError extends Error {
  override readonly name = "FlightError";
  /** `refused`: the server answered, the transaction is over without effect. `unknown`: the connection went silent. */
  readonly outcome: "refused" | "unknown";

  constructor(outcome: "refused" | "unknown", cause: unknown) {
    super(`flight ${outcome}`, { cause });
    this.outcome = outcome;
  }
}

/**
 * Sends statements back to back on a pipelined client and waits for all answers: one network round trip. They are
 * enqueued in one synchronous stretch, so that on a shared client nobody's statement comes between BEGIN and COMMIT.
 * The answer counts only if every single statement succeeded: had BEGIN or the scope failed alone, the statements
 * behind them would have run without a tenant, and an empty answer would have been taken for "no".
 */
export async function fly<const Flight extends readonly Bound[]>(
  client: pg.ClientBase,
  flight: Flight,
  observe: Observer | undefined,
): Promise<Answers<Flight>> {
  observe?.(flight);
  const settled = await Promise.allSettled(flight.map((bound) => client.query(queryConfig(bound))));
  // The first failure is the cause; those behind it say that the transaction is aborted or the connection gone.
  const failure = settled.find((result) => result.status === "rejected");
  if (failure !== undefined) throw new FlightError(wasAnswered(settled.at(-1)) ? "refused" : "unknown", failure.reason);
  const results = settled.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  const last = results.at(-1);
  if (flight.at(-1)?.text === "COMMIT" && last?.command !== "COMMIT") {
    throw new FlightError("refused", new Error(`COMMIT was answered by ${last?.command}`));
  }
  return results.map((result) => result?.rows ?? []) as Answers<Flight>;
}

/** Did the server look at the last statement? An ERROR is an answer; FATAL (a shutdown) or a dead socket is none. */
function wasAnswered(last: PromiseSettledResult<unknown> | undefined): boolean {
  if (last?.status !== "rejected") return true;
  return last.reason instanceof pg.DatabaseError && last.reason.severity === "ERROR";
}

function queryConfig(bound: Bound): pg.QueryConfig {
  // A simple-protocol message for BEGIN and COMMIT, a prepared statement for everything else.
  return bound.name === "" ? { text: bound.text } : { name: bound.name, text: bound.text, values: [...bound.values] };
}
