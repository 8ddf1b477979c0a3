import { sql } from "kysely";
import pg from "pg";
import { RelataError } from "../../errors.ts";
import { abortError, throwIfAborted } from "../../model/abort.ts";
import type { TenantSnapshot, TupleBatch } from "../../model/change.ts";
import { isTenantId, type TenantPlace } from "../../model/tenant.ts";
import { tenantNotFound } from "../refusals.ts";
import { CopyOut } from "./copy-out.ts";
import { fly, type Observer } from "./flight.ts";
import { TRAITS } from "./found-columns.ts";
import { bindHead, placeArgs, tenantScope, toHead } from "./heads.ts";
import { BEGIN_READ, COMMIT, enter } from "./scope.ts";
import { type SilenceWatch, watchSilence } from "./silence.ts";
import { translatePgError } from "./sqlstate.ts";
import { type Bound, sqlBuilder, statement } from "./statement.ts";
import { KEY_COLUMNS, keyOf, LIVE } from "./tuple-columns.ts";

export interface SnapshotOptions {
  readonly config: pg.ClientConfig;
  readonly statementTimeoutMs: number;
  readonly observe: Observer | undefined;
}

/** 250 KB of ids or so: some ten milliseconds of reading. */
const BATCH_TUPLES = 4_096;

/** However large the tenant: an open snapshot keeps the server from tidying up. */
const LONGEST_MS = 3_600_000;

/** The tenant as of its head, in key order. What is live is what the head sees: both are read in one snapshot. */
const snapshotTuples = statement<{ bucket: number; tenantId: string }>()("snapshot_tuples", (arg) =>
  sql`SELECT ${keyOf("t")}, ${TRAITS} FROM relata.tuple t
    WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")} AND t.deleted_rev = ${LIVE}
    ORDER BY ${sql.join(KEY_COLUMNS.map((column) => sql.ref(`t.${column}`)))}`.compile(sqlBuilder),
);

/**
 * How this one read differs from others: it may take long as long as something comes (see `watch`), and walks the primary
 * key, so that the first rows come at once and nothing is sorted on disk. The server gives up a client that takes nothing.
 */
const enterSnapshot = statement<{ statementTimeout: string; stuckTimeout: string }>()("enter_snapshot", (arg) =>
  sql`SELECT set_config('statement_timeout', ${arg("statementTimeout")}, true),
    set_config('tcp_user_timeout', ${arg("stuckTimeout")}, true),
    set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)`.compile(sqlBuilder),
);

/**
 * Over a connection of its own, which is destroyed when the reader leaves early.
 * A COPY and a cursor both read one snapshot and no faster than it is consumed; why COPY: see copied-tuples.ts.
 */
export async function readSnapshot(
  options: SnapshotOptions,
  place: TenantPlace,
  signal: AbortSignal | undefined,
): Promise<TenantSnapshot> {
  throwIfAborted(signal);
  const client = new pg.Client({ ...options.config, pipeline: false, query_timeout: 0 });
  const watch = watchSilence(client, options.statementTimeoutMs);
  const leave = () => void client.end().catch(() => {});
  const close = () => {
    watch.stop();
    signal?.removeEventListener("abort", leave);
    leave();
  };
  client.on("error", () => {});
  signal?.addEventListener("abort", leave, { once: true });
  const failed = (error: unknown): RelataError => {
    close();
    return signal?.aborted === true ? abortError(signal) : translatePgError(error);
  };
  try {
    await client.connect();
    watch.awaited();
    const timeouts = enterSnapshot({
      statementTimeout: String(LONGEST_MS),
      stuckTimeout: String(options.statementTimeoutMs),
    });
    // Not back to back: a copy needs a client that is not pipelined.
    await fly(client, [BEGIN_READ], options.observe);
    await fly(client, [enter(tenantScope(place), options.statementTimeoutMs)], options.observe);
    await fly(client, [timeouts], options.observe);
    const [[row]] = await fly(client, [bindHead(place)], options.observe);
    watch.settled();
    if (row === undefined) throw tenantNotFound();
    return {
      head: toHead(row),
      // Where it is in this snapshot, whatever whoever asks has heard of it.
      batches: copyTuples(
        { client, watch, observe: options.observe, failed, close },
        { id: place.id, bucket: row.bucket },
      ),
    };
  } catch (error) {
    throw failed(error);
  }
}

interface OpenSnapshot {
  readonly client: pg.Client;
  readonly watch: SilenceWatch;
  readonly observe: Observer | undefined;
  /** Closes, and says why. */
  readonly failed: (error: unknown) => RelataError;
  readonly close: () => void;
}

async function* copyTuples(open: OpenSnapshot, place: TenantPlace): AsyncGenerator<TupleBatch, void, undefined> {
  const { client, watch } = open;
  const bound = snapshotTuples(placeArgs(place));
  open.observe?.([bound, COMMIT]);
  const copy = new CopyOut(`COPY (${inlined(bound, place)}) TO STDOUT (FORMAT binary)`, BATCH_TUPLES);
  try {
    client.query(copy);
    for (;;) {
      watch.awaited();
      const batch = await copy.take();
      watch.settled();
      if (batch === undefined) break;
      yield batch;
    }
    await client.query(COMMIT.text);
  } catch (error) {
    throw open.failed(error);
  } finally {
    open.close();
  }
}

/** COPY takes no parameters. Only a checked UUID and an integer may stand in the text. */
function inlined(bound: Bound, { id, bucket }: TenantPlace): string {
  if (!isTenantId(id) || !Number.isSafeInteger(bucket)) throw tenantNotFound();
  return bound.text.replace(/\$(\d+)/g, (_, index: string) => {
    const value = bound.values[Number(index) - 1];
    if (value === id) return `'${id}'`;
    if (value === bucket) return String(bucket);
    throw new RelataError("INTERNAL", "Internal error.", { detail: `no value may stand for $${index} in COPY` });
  });
}
