import pg from "pg";
import { throwIfAborted } from "../../model/abort.ts";
import { abortable } from "../abort.ts";
import { type Answers, fly, type Observer } from "./flight.ts";
import { BEGIN_READ, COMMIT, enter, type Scope } from "./scope.ts";
import { type SilenceWatch, watchSilence } from "./silence.ts";
import { isConnectionLoss, translatePgError } from "./sqlstate.ts";
import type { Bound } from "./statement.ts";

/** Runs statements in one read-only transaction in `scope`. */
export interface Reader {
  read<const Statements extends readonly Bound[]>(
    scope: Scope,
    statements: Statements,
    signal?: AbortSignal,
  ): Promise<Answers<Statements>>;
}

export interface ReadLanes extends Reader {
  close(): Promise<void>;
}

export interface ReadLanesOptions {
  readonly config: pg.ClientConfig;
  /** How many connections. Postgres works them off in parallel, the statements of one in order. */
  readonly lanes: number;
  readonly statementTimeoutMs: number;
  /** A lane that owes answers and says nothing for so long is given up, and its reads are sent again on a new one. */
  readonly silenceMs: number;
  readonly observe: Observer | undefined;
}

interface Connection {
  readonly client: pg.Client;
  readonly watch: SilenceWatch;
}

interface Lane {
  connection: Promise<Connection> | undefined;
  inFlight: number;
}

/**
 * Short reads of everybody on a few shared, pipelined connections: BEGIN, scope, query and COMMIT leave in one packet and
 * nobody waits for a free connection. Measured with 32 reads in flight: see README.md here. A lane whose connection is
 * lost fails the reads on it and connects again for the next.
 */
export function createReadLanes(options: ReadLanesOptions): ReadLanes {
  const lanes: Lane[] = Array.from({ length: options.lanes }, () => ({ connection: undefined, inFlight: 0 }));
  let closed = false;

  async function send<const Statements extends readonly Bound[]>(scope: Scope, statements: Statements) {
    try {
      return await sendOnce(scope, statements);
    } catch (error) {
      // The server may have been restarted since the lane's last read. Once more, on a new connection.
      if (closed || !isConnectionLoss(error)) throw translatePgError(error);
      return await sendOnce(scope, statements).catch((again: unknown) => {
        throw translatePgError(again);
      });
    }
  }

  async function sendOnce<const Statements extends readonly Bound[]>(scope: Scope, statements: Statements) {
    const lane = lanes.reduce((best, other) => (other.inFlight < best.inFlight ? other : best));
    lane.inFlight += 1;
    try {
      lane.connection ??= connect(lane, options);
      const { client, watch } = await lane.connection;
      const flight = [BEGIN_READ, enter(scope, options.statementTimeoutMs), ...statements, COMMIT];
      watch.awaited();
      const answers = await fly(client, flight, options.observe).finally(watch.settled);
      return answers.slice(2, -1) as Answers<Statements>;
    } finally {
      lane.inFlight -= 1;
    }
  }

  return {
    async read(scope, statements, signal) {
      throwIfAborted(signal);
      if (closed) throw translatePgError(new Error("Client was closed"));
      // On a shared connection a single statement cannot be cancelled; the server's timeout bounds what is left behind.
      return abortable(send(scope, statements), signal);
    },
    async close() {
      closed = true;
      const opened = await Promise.allSettled(lanes.map((lane) => lane.connection));
      await Promise.all(opened.map((one) => (one.status === "fulfilled" ? one.value?.client.end() : undefined)));
    },
  };
}

function connect(lane: Lane, { config, silenceMs }: ReadLanesOptions): Promise<Connection> {
  const client = new pg.Client(config);
  const connecting = client.connect().then(() => ({ client, watch: watchSilence(client, silenceMs) }));
  const forget = () => {
    if (lane.connection === connecting) lane.connection = undefined;
  };
  // Without a listener a server stop would end the process.
  client.on("error", forget);
  client.on("end", forget);
  connecting.catch(forget);
  return connecting;
}
