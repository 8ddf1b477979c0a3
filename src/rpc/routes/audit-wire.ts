import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { SignedHead } from "../../audit/signed-head.ts";
import type { SignedHead as HeadMessage } from "../../gen/relata/v1/audit_service_pb.ts";
import type { LoggedDecision } from "../../model/audit.ts";
import type { ExportedEvent } from "../../service/audit/export.ts";
import type { ReadEvent } from "../../service/audit/query.ts";
import type { VerifyAuditAnswer } from "../../service/audit/verify.ts";
import { badField } from "../wire-fields.ts";
import { readTimestamp, writeStruct, writeTimestamp } from "../wire-values.ts";

export function writeEvent(event: ReadEvent) {
  const { personal } = event;
  return {
    seq: BigInt(event.seq),
    recordedAt: writeTimestamp(event.recordedAtMs),
    event: event.event,
    actor: event.actor ?? "",
    requestId: event.requestId,
    credential: event.credential ?? "",
    address: event.address ?? "",
    details: writeStruct(event.details),
    ...(personal !== undefined && { personal: writeStruct(personal) }),
    personalErased: personal === undefined,
    hash: bytes(event.hash),
  };
}

export function writeDecision(decision: LoggedDecision) {
  const { method, actor, requestId, object, permission, subject, outcome, revision } = decision;
  return {
    decidedAt: writeTimestamp(decision.decidedAtMs),
    method,
    actor,
    requestId,
    question: `${object}#${permission}@${subject}`,
    decision: outcome,
    revision: BigInt(revision),
  };
}

export function writeReport(report: VerifyAuditAnswer) {
  const { intact, complete, problems } = report;
  return {
    intact,
    complete,
    events: BigInt(report.events),
    firstSeq: BigInt(report.firstSeq),
    lastSeq: BigInt(report.lastSeq),
    lastHash: bytes(report.lastHash),
    problems: problems.map(({ seq, problem, message }) => ({ seq: BigInt(seq), problem, message })),
    personalErased: BigInt(report.personalErased),
    prunedThrough: BigInt(report.prunedThrough),
  };
}

export function writeSealed(event: ExportedEvent) {
  const { personal, personalSalt } = event;
  return {
    seq: BigInt(event.seq),
    body: bytes(event.body),
    previousHash: bytes(event.previousHash),
    hash: bytes(event.hash),
    ...(personal !== undefined && { personal: bytes(personal) }),
    ...(personalSalt !== undefined && { personalSalt: bytes(personalSalt) }),
  };
}

export function writeHead(head: SignedHead) {
  const { chain, keyId } = head;
  return {
    chain,
    keyId,
    seq: BigInt(head.seq),
    hash: bytes(head.hash),
    signedAt: timestampFromMs(head.signedAtMs),
    signature: bytes(head.signature),
  };
}

/** Ed25519 signatures are 64 bytes, hashes 32. */
export function readHead(head: HeadMessage, field: string): SignedHead {
  const { chain, hash, signature, keyId, signedAt } = head;
  if (hash.length !== 32) throw badField("INVALID_REQUEST", `${field}.hash`, "must have 32 bytes");
  if (head.seq > BigInt(Number.MAX_SAFE_INTEGER))
    throw badField("INVALID_REQUEST", `${field}.seq`, "is larger than any event's number");
  const signedAtMs = signedAt === undefined ? 0 : readTimestamp(signedAt, `${field}.signed_at`, "INVALID_REQUEST");
  return { chain, seq: Number(head.seq), hash, signature, keyId, signedAtMs };
}

/** What protobuf-es takes: bytes over memory that is nobody else's. */
function bytes(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(value);
}
