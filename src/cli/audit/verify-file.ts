import { genesisHash } from "../../audit/chain.ts";
import { isSignedByOneOf, type SignedHead } from "../../audit/signed-head.ts";
import { type AuditProblem, ChainVerifier, type ProvableEvent } from "../../audit/verify.ts";
import type { CliContext } from "../context.ts";
import { badInput } from "../exit.ts";
import { type ReadLine, readExport } from "./export-file.ts";
import type { KeptHead } from "./head-file.ts";
import type { AuditReport } from "./report.ts";

export interface FileProof {
  readonly path: string;
  readonly heads: readonly KeptHead[];
  /** Undefined: the keys that the heads came with are trusted. */
  readonly publicKey: Uint8Array | undefined;
  /** What comes before the file or behind it is not missed. */
  readonly isPart: boolean;
}

const MAX_BAD_LINES = 100;

/** Proves an export by nothing but itself, the heads and the keys. @throws CliError for a file that is no export */
export async function verifyFile(context: CliContext, proof: FileProof): Promise<AuditReport> {
  const { path, heads, isPart } = proof;
  const publicKeys = proof.publicKey === undefined ? keysOf(heads) : [proof.publicKey];
  const badLines: AuditProblem[] = [];
  let found: { readonly chain: string; readonly verifier: ChainVerifier; readonly startSeq: number } | undefined;
  const begin = (first: ReadLine["event"]) => {
    const chain = chainOf(first, heads);
    if (chain === undefined) throw notAnExport(path);
    const startSeq = first === undefined ? 0 : first.seq - 1;
    const start = startSeq > 0 && first !== undefined ? { seq: startSeq, hash: first.previousHash } : genesis(chain);
    // Behind a part there may be more: its end says nothing of heads beyond it.
    const options = { chain, start, isStartPruned: !isPart, heads: heads.map(({ head }) => head), publicKeys };
    const verifier = new ChainVerifier({ ...options, requireSignatures: proof.publicKey !== undefined });
    found = { chain, verifier, startSeq };
    return verifier;
  };
  for await (const { line, event } of readExport(context, path)) {
    if (event !== undefined) (found?.verifier ?? begin(event)).take(event);
    else if (badLines.length < MAX_BAD_LINES) badLines.push(badLine(line, (found?.verifier.lastSeq ?? 0) + 1));
  }
  if (found === undefined && (badLines.length > 0 || heads.length === 0)) throw notAnExport(path);
  if (found === undefined) begin(undefined);
  const { chain, verifier, startSeq } = found as unknown as NonNullable<typeof found>;
  const report = isPart ? verifier.report() : verifier.reportToEnd();
  const compared = heads.filter(({ head }) => head.seq >= startSeq && (!isPart || head.seq <= report.lastSeq));
  return {
    ...report,
    chain,
    intact: report.intact && badLines.length === 0,
    problems: [...badLines, ...report.problems],
    prunedThrough: isPart ? 0 : startSeq,
    heads: compared.length,
    signedHeads: compared.filter(({ head }) => isSigned(publicKeys, head)).length,
  };
}

function keysOf(heads: readonly KeptHead[]): readonly Uint8Array[] {
  return heads.map(({ publicKey }) => publicKey).filter(({ length }) => length > 0);
}

function isSigned(publicKeys: readonly Uint8Array[], head: SignedHead): boolean {
  return head.signature.length > 0 && isSignedByOneOf(publicKeys, head);
}

function genesis(chain: string) {
  return { seq: 0, hash: genesisHash(chain) };
}

/** What a head says counts more than what the file says of itself. */
function chainOf(first: ProvableEvent | undefined, heads: readonly KeptHead[]): string | undefined {
  const [kept] = heads;
  if (kept !== undefined || first === undefined) return kept?.head.chain;
  try {
    const { chain } = JSON.parse(Buffer.from(first.body).toString("utf8")) as { readonly chain?: unknown };
    return typeof chain === "string" ? chain : "";
  } catch {
    return "";
  }
}

function badLine(line: number, seq: number): AuditProblem {
  return {
    seq,
    problem: "malformed",
    message: `line ${line} of the file, where event ${seq} should be: it holds no event`,
  };
}

function notAnExport(path: string) {
  return badInput(`${path} holds no events of the audit`, {
    where: path,
    hint: "relata audit export --out FILE writes such a file",
  });
}
