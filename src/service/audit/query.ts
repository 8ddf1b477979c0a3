import { createHash } from "node:crypto";
import { canonicalBytes } from "../../audit/canonical.ts";
import { RelataError } from "../../errors.ts";
import { AUDIT_EVENTS, type AuditFilter, type SealedEvent } from "../../model/audit.ts";
import type { JsonObject } from "../../model/tuple.ts";
import { openPage, pageLimit, sealPage } from "../credentials/page-token.ts";
import { requireAtMost } from "../limits.ts";
import { type AuditDeps, chainOf, type EitherCall } from "./deps.ts";

export interface QueryAuditRequest {
  /** Names, or prefixes ending in `*`; empty: all. */
  readonly events: readonly string[];
  /** Empty texts are no filter. */
  readonly actor: string;
  readonly requestId: string;
  readonly mentions: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
  readonly oldestFirst: boolean;
  /** 0 for 100; at most 1000. */
  readonly pageSize: number;
  readonly pageToken: string;
}

/** An event as people read it. What is undefined was never there, or has been erased with `personal`. */
export interface ReadEvent {
  readonly seq: number;
  readonly recordedAtMs: number;
  readonly event: string;
  readonly requestId: string;
  readonly details: JsonObject;
  readonly actor?: string;
  readonly credential?: string;
  readonly address?: string;
  /** The rest of what may name persons. */
  readonly personal?: JsonObject;
  readonly hash: Uint8Array;
}

export interface QueryAuditAnswer {
  readonly events: readonly ReadEvent[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export type QueryAudit = (call: EitherCall, request: QueryAuditRequest) => Promise<QueryAuditAnswer>;

const MAX_NAMES = 100;
const MAX_TEXT = 1024;

export function createQueryAudit({ audit, sealer }: Pick<AuditDeps, "audit" | "sealer">): QueryAudit {
  return async (call, request) => {
    const limit = pageLimit(request.pageSize);
    const filter = readFilter(request);
    const { oldestFirst, fromMs, untilMs } = request;
    const times = { ...(fromMs !== undefined && { fromMs }), ...(untilMs !== undefined && { untilMs }) };
    const chain = chainOf(call);
    const list = [chain, hashOf({ ...filter, ...times, oldestFirst })];
    const place = openPage<readonly [number, number]>(sealer, "audit-page", list, request.pageToken);
    const after = place && { recordedAtMs: place[0], seq: place[1] };
    const page = await audit.page(
      chain,
      { filter, oldestFirst, ...times, limit, ...(after !== undefined && { after }) },
      call.signal,
    );
    const { next } = page;
    return {
      events: page.events.map(readEvent),
      nextPageToken: next === undefined ? "" : sealPage(sealer, "audit-page", list, [next.recordedAtMs, next.seq]),
    };
  };
}

function readFilter({ events, actor, requestId, mentions }: QueryAuditRequest): AuditFilter {
  requireAtMost("events", events.length, MAX_NAMES);
  for (const [field, text] of Object.entries({ actor, request_id: requestId, mentions })) {
    if (text.length <= MAX_TEXT) continue;
    throw new RelataError("INVALID_REQUEST", `${field} must be at most ${MAX_TEXT} characters`, {
      metadata: { field },
    });
  }
  return {
    events: [...new Set(events.flatMap(namesOf))],
    ...(actor !== "" && { actor }),
    ...(requestId !== "" && { requestId }),
    ...(mentions !== "" && { mentions }),
  };
}

/** A name that no event has is more likely a mistake than a wish for nothing. */
function namesOf(pattern: string, index: number): readonly string[] {
  const prefix = pattern.endsWith("*") ? pattern.slice(0, -1) : undefined;
  const names = AUDIT_EVENTS.filter((name) => (prefix === undefined ? name === pattern : name.startsWith(prefix)));
  if (names.length > 0) return names;
  const field = `events[${index}]`;
  throw new RelataError("INVALID_REQUEST", `${field} names no event; there are ${AUDIT_EVENTS.join(", ")}`, {
    metadata: { field },
  });
}

/** 128 bits of SHA-256: a page token is no place for the question itself. */
export function hashOf(question: object): string {
  return createHash("sha256").update(canonicalBytes(question)).digest("hex").slice(0, 32);
}

function readEvent(event: SealedEvent): ReadEvent {
  const { seq, recordedAtMs, requestId, hash } = event;
  const { details = {} } = parse(event.body) as { readonly details?: JsonObject };
  const { actor, credential, address, ...personal } = event.personal === undefined ? {} : parse(event.personal);
  return {
    seq,
    recordedAtMs,
    event: event.event,
    requestId,
    details,
    hash,
    ...(typeof actor === "string" && { actor }),
    ...(typeof credential === "string" && { credential }),
    ...(typeof address === "string" && { address }),
    ...(event.personal !== undefined && { personal }),
  };
}

function parse(bytes: Uint8Array): JsonObject {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")) as JsonObject;
}
