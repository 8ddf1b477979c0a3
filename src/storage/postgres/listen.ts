import { setTimeout } from "node:timers/promises";
import pg from "pg";
import type { ChangeHint } from "../../model/change.ts";
import { CHANNEL, parseAnnouncement } from "./announce.ts";

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
/** A connection that died silently is noticed by asking it. */
const ASK_EVERY_MS = 10_000;
const ANSWER_WITHIN_MS = 5_000;

/** Hears of tenants' new revisions. */
export function listenForChanges(
  config: pg.ClientConfig,
  heard: (hint: ChangeHint) => void,
  signal: AbortSignal,
): void {
  const onPayload = (payload: string | undefined) => {
    if (payload === undefined) return heard({ kind: "lost" });
    for (const news of parseAnnouncement(payload)) heard({ kind: "changed", ...news });
  };
  listenOnChannel(config, onPayload, signal);
}

/**
 * A connection of its own that hears what all processes announce, and is made again for as long as somebody listens.
 * @param heard what was announced; undefined: some may have been missed
 */
export function listenOnChannel(
  config: pg.ClientConfig,
  heard: (payload: string | undefined) => void,
  signal: AbortSignal,
): void {
  void (async () => {
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const wasListening = await listenOnce(config, heard, signal);
      retryMs = wasListening ? FIRST_RETRY_MS : Math.min(2 * retryMs, LAST_RETRY_MS);
      // Not all processes at once, after a restart of the database.
      await setTimeout(retryMs * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => {});
    }
  })();
}

/** Until the connection is lost. Says whether there was one. */
async function listenOnce(
  config: pg.ClientConfig,
  heard: (payload: string | undefined) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const client = new pg.Client({
    ...config,
    pipeline: false,
    query_timeout: ANSWER_WITHIN_MS,
    keepAliveInitialDelayMillis: ASK_EVERY_MS,
  });
  const lost = new AbortController();
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  client.on("notification", ({ payload = "" }) => {
    if (!signal.aborted) heard(payload);
  });
  const over = AbortSignal.any([signal, lost.signal]);
  let isListening = false;
  try {
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    isListening = true;
    // Whatever was announced before this is not heard.
    if (!signal.aborted) heard(undefined);
    while (!over.aborted) {
      await setTimeout(ASK_EVERY_MS, undefined, { signal: over, ref: false });
      await client.query("SELECT 1");
    }
  } catch {
    // Lost, or nobody listens any more: either way it is closed here.
  }
  void client.end().catch(() => {});
  return isListening;
}
