import { createDecisionLog, type OwnedDecisionLog } from "../audit/decision-log.ts";
import { createRefusalLog, type OwnedRefusalLog } from "../audit/refusal-log.ts";
import { headKeyOf } from "../audit/signed-head.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import { byLabel, gauge, type MetricSource } from "../metrics.ts";
import type { AuditStore } from "../model/audit.ts";
import { type AuditVerbs, createAuditVerbs } from "../service/audit/verbs.ts";
import { createSealer } from "../service/seal.ts";

/** The record's part in a process that serves. */
export interface Audit {
  readonly verbs: AuditVerbs;
  /** Takes in who was turned away. */
  readonly refusals: OwnedRefusalLog;
  readonly decisions: OwnedDecisionLog;
  readonly collect: MetricSource;
  /** Writes what has gathered. */
  close(): Promise<void>;
}

/** There is room for two months ahead: a day's failures in a row do no harm, 60 would. */
const PARTITIONS_EVERY_MS = 24 * 60 * 60_000;

/** @throws when the database does not make room for this month's events: no write would go through then */
export async function openAudit(
  config: Pick<Config, "tokenKeys" | "auditKeys" | "decisionLog" | "decisionSampleRate">,
  parts: { readonly audit: AuditStore; readonly log: Logger; readonly now: () => number },
): Promise<Audit> {
  const { audit, log, now } = parts;
  await audit.preparePartitions();
  const failed = (what: string) => (error: unknown) => log.error({ error: String(error) }, what);
  const daily = setInterval(
    () => void audit.preparePartitions().catch(failed("no room was made for the months to come of the audit")),
    PARTITIONS_EVERY_MS,
  );
  daily.unref();
  const refusals = createRefusalLog({ audit, onFailure: failed("refused callers could not be put on record yet") });
  const decisions = createDecisionLog({
    audit,
    policy: config.decisionLog,
    sampleRate: config.decisionSampleRate,
    random: Math.random,
    onFailure: failed("decisions could not be logged and are dropped"),
  });
  const headKeys = config.auditKeys.map(({ id, privateKey }) => headKeyOf(id, privateKey));
  return {
    verbs: createAuditVerbs({ audit, sealer: createSealer(config.tokenKeys), headKeys, now }),
    refusals,
    decisions,
    collect: () => [...refusalFamilies(refusals), ...decisionFamilies(decisions)],
    async close() {
      clearInterval(daily);
      await Promise.all([refusals.close(), decisions.close()]);
    },
  };
}

function refusalFamilies(refusals: OwnedRefusalLog) {
  const { recorded, counted, lost, waiting } = refusals.stats();
  return [
    byLabel(
      "counter",
      "relata_audit_refusals_total",
      "Callers turned away, by what became of them: an event, part of a count, or lost.",
      "as",
      { event: recorded, count: counted, lost },
    ),
    gauge("relata_audit_waiting", "Events about them that wait for the database.", waiting),
  ];
}

function decisionFamilies(decisions: OwnedDecisionLog) {
  const { logged, dropped } = decisions.stats();
  const help = "Answers for the log of decisions, by what became of them.";
  return [byLabel("counter", "relata_decisions_total", help, "as", { logged, dropped })];
}
