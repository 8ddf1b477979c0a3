import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { RelataError } from "../../errors.ts";
import { throwIfAborted } from "../../model/abort.ts";
import { abortable } from "../abort.ts";
import { type Answers, FlightError, fly, type Observer } from "./flight.ts";
import type { Reader } from "./read-lanes.ts";
import { BEGIN_READ, BEGIN_WRITE, COMMIT, enter, ROLLBACK, type Scope, tenantOf } from "./scope.ts";
import { type SilenceWatch, socketOf, watchSilence } from "./silence.ts";
import { translatePgError } from "./sqlstate.ts";
import type { Bound } from "./statement.ts";
import { createTurns } from "./turns.ts";

/** A write transaction: look first, then change and commit. Two network round trips, whatever the size. */
export interface Transaction {
  /** First flight: opens the transaction in its scope and sends `statements` with it. */
  begin<const Statements extends readonly Bound[]>(statements: Statements): Promise<Answers<Statements>>;
  /** Last flight: `statements` and COMMIT. Resolves only when the server confirmed the commit. */
  commit<const Statements extends readonly Bound[]>(statements: Statements): Promise<Answers<Statements>>;
}

/** A pool of connections of one's own for a time: for writes, and for reads that may take long. */
export interface Sessions extends Reader {
  /** Runs `work` in a transaction; unless it committed, everything is rolled back. */
  transact<T>(scope: Scope, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface SessionsOptions {
  readonly config: pg.ClientConfig;
  readonly max: number;
  readonly statementTimeoutMs: number;
  /** A write whose connection says nothing for four times as long is given up: it may have waited for another one, but not so long. */
  readonly silenceMs: number;
  readonly observe: Observer | undefined;
}

const OUTCOME_UNKNOWN =
  "The connection to the database was lost while the write was being committed: it was applied as a whole or not at all. Send it again with the same idempotency key to learn which.";

const NO_TURN_TO_WRITE =
  "Other writes of this tenant took too long, and this one did not get its turn; nothing was written. Try again.";
const NO_TURN_TO_READ = "Other long reads took too long, and this one did not get its turn. Try again.";

/** See SessionsOptions.silenceMs. */
const WRITE_SILENCES = 4;

/** How often a cancel is repeated: one that arrives before the statement has begun is lost. */
const CANCEL_AGAIN_MS = 20;
/** A connection on which the cancelled statement has not ended by then is given up: nothing arrives there any more. */
const CANCEL_FOR_MS = 2_000;

export function createSessions(options: SessionsOptions): Sessions {
  const pool = new pg.Pool({ ...options.config, max: options.max });
  // Both are needed, or a server stop ends the process: the pool listens only while a client is idle.
  pool.on("error", () => {});
  const watches = new WeakMap<pg.ClientBase, SilenceWatch>();
  pool.on("connect", (client) => {
    client.on("error", () => {});
    watches.set(client, watchSilence(client, WRITE_SILENCES * options.silenceMs));
  });
  const timeoutMs = options.config.connectionTimeoutMillis ?? 5_000;
  const writeTurns = createTurns({ atOnce: writesAtOnce(options.max), timeoutMs, tooLong: NO_TURN_TO_WRITE });
  const readTurns = createReadTurns(options.max, timeoutMs);

  const connect = () =>
    pool.connect().catch((error: unknown) => {
      throw translatePgError(error);
    });

  async function transact<T>(scope: Scope, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const endTurn = await writeTurns.take(tenantOf(scope));
    try {
      return await transactOn(await connect(), scope, work);
    } finally {
      endTurn();
    }
  }

  async function transactOn<T>(
    client: pg.PoolClient,
    scope: Scope,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const state: { step: "new" | "open" | "over" } = { step: "new" };
    const watched = <T>(flight: Promise<T>): Promise<T> => {
      const watch = watches.get(client);
      watch?.awaited();
      return flight.finally(() => watch?.settled());
    };
    try {
      return await work(transactionOn(client, scope, { ...options, watched }, state));
    } catch (error) {
      if (!(error instanceof FlightError)) throw error;
      throw state.step === "over" ? commitError(error) : translatePgError(error);
    } finally {
      // A transaction left open is rolled back; if that fails too the connection is thrown away.
      if (state.step === "open") options.observe?.([ROLLBACK]);
      const clean = state.step !== "open" || (await client.query("ROLLBACK").then(isDone, () => false));
      client.release(!clean || client.getTransactionStatus() !== "I");
    }
  }

  return {
    transact,
    async read(scope, statements, signal) {
      throwIfAborted(signal);
      const endTurn = await readTurns(tenantOf(scope), signal);
      const connecting = connect();
      const client = await abortable(connecting, signal).catch((error: unknown) => {
        void connecting.then((late) => late.release(), isDone).finally(endTurn);
        throw error;
      });
      const flight = [BEGIN_READ, enter(scope, options.statementTimeoutMs), ...statements, COMMIT];
      const work = fly(client, flight, options.observe);
      const settled = work.then(isDone, () => false);
      let cancelled: Promise<void> | undefined;
      void settled.then(async () => {
        await cancelled;
        // A cancelled connection is not used again: the cancel may still be on its way.
        client.release(cancelled !== undefined || client.getTransactionStatus() !== "I");
        endTurn();
      });
      const answers = await abortable(work, signal, () => {
        cancelled = cancelBackend(options.config, client, settled);
      }).catch((error: unknown) => {
        throw translatePgError(error);
      });
      return answers.slice(2, -1) as Answers<typeof statements>;
    },
    close: () => pool.end(),
  };
}

/**
 * How many connections the writes of one tenant may hold. They queue for its head anyway: two keep it busy, one committing
 * while the next one's first flight waits at the lock. Without a bound one tenant's burst would use up the pool.
 */
function writesAtOnce(connections: number): number {
  return Math.max(1, Math.min(2, connections - 1), Math.floor(connections / 4));
}

/**
 * Reads that take long hold at most three quarters of the connections, so that a write always finds one, and those of one
 * tenant at most a third, so that lookups over a large tenant do not keep the others waiting.
 */
function createReadTurns(connections: number, timeoutMs: number) {
  const tooLong = NO_TURN_TO_READ;
  const perTenant = createTurns({ atOnce: Math.max(1, Math.floor(connections / 3)), timeoutMs, tooLong });
  const inAll = createTurns({ atOnce: Math.max(1, Math.floor((connections * 3) / 4)), timeoutMs, tooLong });
  return async (line: string, signal: AbortSignal | undefined): Promise<() => void> => {
    const endOwn = await perTenant.take(line, signal);
    const endShared = await inAll.take("", signal).catch((error: unknown) => {
      endOwn();
      throw error;
    });
    return () => {
      endShared();
      endOwn();
    };
  };
}

function transactionOn(
  client: pg.ClientBase,
  scope: Scope,
  options: SessionsOptions & { readonly watched: <T>(flight: Promise<T>) => Promise<T> },
  state: { step: "new" | "open" | "over" },
): Transaction {
  return {
    async begin(statements) {
      state.step = "open";
      const flight = [BEGIN_WRITE, enter(scope, options.statementTimeoutMs), ...statements];
      const answers = await options.watched(fly(client, flight, options.observe));
      return answers.slice(2) as Answers<typeof statements>;
    },
    async commit(statements) {
      const opening = state.step === "new" ? [BEGIN_WRITE, enter(scope, options.statementTimeoutMs)] : [];
      state.step = "over";
      const answers = await options.watched(fly(client, [...opening, ...statements, COMMIT], options.observe));
      return answers.slice(opening.length, -1) as Answers<typeof statements>;
    },
  };
}

function commitError(error: FlightError): RelataError {
  const translated = translatePgError(error.cause);
  if (error.outcome === "refused") return translated;
  return new RelataError("STORE_UNAVAILABLE", OUTCOME_UNKNOWN, {
    metadata: { outcome: "unknown" },
    cause: error.cause,
    ...(translated.detail !== undefined && { detail: translated.detail }),
  });
}

/** Asks the server to stop what `client` is doing, over a connection of its own, until that has `settled`. */
async function cancelBackend(config: pg.ClientConfig, client: pg.PoolClient, settled: Promise<boolean>): Promise<void> {
  let isOver = false;
  const over = settled.then(() => {
    isOver = true;
  });
  const messenger = new pg.Client(config);
  messenger.on("error", () => {});
  try {
    await messenger.connect();
    const endsAtMs = performance.now() + CANCEL_FOR_MS;
    while (!isOver && performance.now() < endsAtMs) {
      await messenger.query("SELECT pg_cancel_backend($1)", [backendPid(client)]);
      await Promise.race([over, setTimeout(CANCEL_AGAIN_MS)]);
    }
  } catch {
    // Not even a messenger gets through.
  } finally {
    if (!isOver) socketOf(client).destroy(new Error("Connection terminated: a cancelled statement did not end"));
    await messenger.end().catch(() => {});
  }
}

function backendPid(client: pg.PoolClient): number | undefined {
  return "processID" in client && typeof client.processID === "number" ? client.processID : undefined;
}

function isDone(): true {
  return true;
}
