import { create } from "@bufbuild/protobuf";
import type { RelataClient } from "../../client/relata-client.ts";
import { SignedHeadSchema, type VerifyResponse } from "../../gen/relata/v1/audit_service_pb.ts";
import type { KeptHead } from "./head-file.ts";
import type { AuditReport } from "./report.ts";

/** Has the server prove its own chain, in as many calls as that takes. */
export async function verifyOnServer(client: RelataClient, heads: readonly KeptHead[]): Promise<AuditReport> {
  const { head } = await client.audit.head({});
  const chain = head?.chain ?? "";
  const kept = heads.map(({ message }) => message);
  let answer = await client.audit.verify({ heads: kept });
  let report = first(chain, heads, answer);
  while (!answer.complete && answer.events > 0n) {
    const reached = create(SignedHeadSchema, { chain, seq: answer.lastSeq, hash: answer.lastHash });
    answer = await client.audit.verify({ fromSeq: answer.lastSeq + 1n, heads: [...kept, reached] });
    report = added(report, answer);
  }
  return report;
}

function first(chain: string, heads: readonly KeptHead[], answer: VerifyResponse): AuditReport {
  const prunedThrough = Number(answer.prunedThrough);
  const compared = heads.filter(({ head }) => head.seq >= prunedThrough);
  return {
    chain,
    intact: answer.intact,
    events: Number(answer.events),
    firstSeq: Number(answer.firstSeq),
    lastSeq: Number(answer.lastSeq),
    lastHash: answer.lastHash,
    personalErased: Number(answer.personalErased),
    prunedThrough,
    problems: answer.problems.map(({ seq, problem, message }) => ({ seq: Number(seq), problem, message }) as never),
    heads: compared.length,
    // The server has refused those whose signature is not of a key of its own.
    signedHeads: compared.filter(({ head }) => head.signature.length > 0).length,
  };
}

function added(before: AuditReport, answer: VerifyResponse): AuditReport {
  const now = first(before.chain, [], answer);
  return {
    ...before,
    intact: before.intact && now.intact,
    events: before.events + now.events,
    firstSeq: before.firstSeq === 0 ? now.firstSeq : before.firstSeq,
    lastSeq: now.lastSeq,
    lastHash: now.lastHash,
    personalErased: before.personalErased + now.personalErased,
    problems: [...before.problems, ...now.problems],
  };
}
