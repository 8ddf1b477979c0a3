import { randomBytes } from "node:crypto";
import type { AuditDraft, SealedEvent } from "../model/audit.ts";
import type { JsonObject, JsonValue } from "../model/tuple.ts";
import { canonicalBytes } from "./canonical.ts";
import { eventHash, personalDigest } from "./chain.ts";

/** Where an event goes: behind `previousHash`, which belongs to the event before `seq`. */
export interface EventPlace {
  readonly chain: string;
  readonly seq: number;
  readonly previousHash: Uint8Array;
  readonly recordedAtMs: number;
}

/** 128 bits: as hard to guess as a hash's second preimage is to find among them. */
const SALT_BYTES = 16;

/** The draft in its place, with the bytes that its hash is over. */
export function sealEvent(place: EventPlace, draft: AuditDraft): SealedEvent {
  const { actor, requestId } = draft.origin;
  const personal = writtenOut(personalPart(draft));
  const personalSalt = randomBytes(SALT_BYTES);
  const body = writtenOut({
    chain: place.chain,
    details: draft.details,
    event: draft.event,
    personal: personalDigest(personalSalt, personal).toString("hex"),
    request_id: requestId,
    seq: place.seq,
    time: new Date(place.recordedAtMs).toISOString(),
  });
  const hash = eventHash(place.previousHash, body);
  const { chain, seq, recordedAtMs } = place;
  return { chain, seq, recordedAtMs, event: draft.event, requestId, body, hash, actor, personal, personalSalt };
}

function personalPart({ origin, personal }: AuditDraft): JsonObject {
  return {
    actor: origin.actor,
    ...(origin.credential !== undefined && { credential: origin.credential }),
    ...(origin.address !== undefined && origin.address !== "" && { address: origin.address }),
    ...personal,
  };
}

/** What came from outside may hold halves of surrogate pairs; that must not keep an event off the record. */
function writtenOut(value: JsonObject): Buffer {
  try {
    return canonicalBytes(value);
  } catch {
    return canonicalBytes(wellFormed(value));
  }
}

function wellFormed(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toWellFormed(), wellFormed(member)]));
}
