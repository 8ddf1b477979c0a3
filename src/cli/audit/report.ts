import type { AuditProblem } from "../../audit/verify.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import { printable } from "../printable.ts";

/** What a proof found, of a server or of a file. */
export interface AuditReport {
  readonly chain: string;
  readonly intact: boolean;
  readonly events: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastHash: Uint8Array;
  readonly personalErased: number;
  /** Events up to this one have been dropped; 0: none. */
  readonly prunedThrough: number;
  /** Heads that were compared, and those of them that a trusted key signed. */
  readonly heads: number;
  readonly signedHeads: number;
  readonly problems: readonly Pick<AuditProblem, "seq" | "problem" | "message">[];
}

/** Of a person's screen; `--json` has all there are. */
const SHOWN = 20;

/** Says what was found, the first bad event first. */
export function tellReport(context: CliContext, report: AuditReport, asJson: boolean): ExitCode {
  const problems = [...report.problems].sort((a, b) => a.seq - b.seq);
  if (asJson) json(context, { ...report, lastHash: Buffer.from(report.lastHash).toString("hex"), problems });
  else {
    const [first] = problems;
    line(
      context.stdout,
      first === undefined ? `sound: ${scopeOf(report)}` : `broken at event ${first.seq}: ${scopeOf(report)}`,
    );
    for (const { problem, message } of problems.slice(0, SHOWN))
      line(context.stdout, `  ${problem}  ${printable(message)}`);
    if (problems.length > SHOWN) line(context.stdout, `  and ${problems.length - SHOWN} more`);
    for (const text of remarks(report)) line(context.stdout, text);
  }
  return report.intact ? EXIT.ok : EXIT.negative;
}

function scopeOf({ events, firstSeq, lastSeq, chain }: AuditReport): string {
  const range = events === 0 ? "" : ` (${firstSeq} to ${lastSeq})`;
  return `${count(events, "event")}${range} of the chain ${printable(chain)}`;
}

function remarks(report: AuditReport): readonly string[] {
  const { prunedThrough, personalErased, heads, signedHeads, events, lastHash } = report;
  return [
    ...(prunedThrough > 0 ? [`events up to ${prunedThrough} were pruned`] : []),
    ...(personalErased > 0 ? [`what named persons is erased in ${count(personalErased, "event")}`] : []),
    heads === 0
      ? "compared with no head: whether the newest events were cut off is not proved (--head)"
      : `compared with ${count(heads, "head")}, ${signedHeads} of them signed by a key that is trusted`,
    ...(events > 0 ? [`hash ${Buffer.from(lastHash).toString("hex")}`] : []),
  ];
}
