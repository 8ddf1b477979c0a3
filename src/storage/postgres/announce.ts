import { sql } from "kysely";
import type { ChangeStore } from "../../model/change.ts";
import type { Revision } from "../../model/revision.ts";
import type { Reader } from "./read-lanes.ts";
import { sqlBuilder, statement } from "./statement.ts";

export const CHANNEL = "relata_change";

/** News of this long travel together: a notification is a transaction, and those of all writers of a database queue. */
const GATHER_MS = 5;
/** PostgreSQL takes payloads below 8,000 bytes; an entry has at most 53. */
const PAYLOAD_ENTRIES = 150;

/** Nothing has to survive a crash that is only a hint: the commit does not wait for the disk. */
const notify = statement<{ payload: string }>()("announce_changes", (arg) =>
  sql`SELECT set_config('synchronous_commit', 'off', true), pg_notify(${sql.lit(CHANNEL)}, ${arg("payload")})`.compile(
    sqlBuilder,
  ),
);

/** `<tenant id>:<revision>`, separated by commas. */
export function createAnnouncer(lanes: Reader): ChangeStore["announce"] {
  let news = new Map<string, Revision>();
  const send = () => {
    const entries = [...news].map(([tenantId, revision]) => `${tenantId}:${revision}`);
    news = new Map();
    for (let from = 0; from < entries.length; from += PAYLOAD_ENTRIES) {
      const payload = entries.slice(from, from + PAYLOAD_ENTRIES).join(",");
      // A hint that is lost is one poll of delay.
      lanes.read({ kind: "slug", slug: "" }, [notify({ payload })]).catch(() => {});
    }
  };
  return (tenantId, revision) => {
    if (news.size === 0) setTimeout(send, GATHER_MS).unref();
    news.set(tenantId, Math.max(revision, news.get(tenantId) ?? 0));
  };
}

/** Says that the log of trust has grown: `payload` is no tenant's news. Changes of credentials are rare, and each is told at once. */
export function announceNews(lanes: Reader, payload: string): void {
  lanes.read({ kind: "slug", slug: "" }, [notify({ payload })]).catch(() => {});
}

/** What was announced; entries that are no such thing are passed over. */
export function parseAnnouncement(
  payload: string,
): readonly { readonly tenantId: string; readonly revision: Revision }[] {
  return [...payload.matchAll(/([0-9a-f-]{36}):(\d{1,16})(?:,|$)/g)].map(([, tenantId = "", revision]) => ({
    tenantId,
    revision: Number(revision),
  }));
}
