import { setTimeout as sleep } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import {
  type Tenant,
  type TenantJob,
  TenantJob_Stage,
  TenantJobSchema,
} from "../../gen/relata/v1/tenant_service_pb.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit.ts";
import { count, json, line } from "../output.ts";
import { tenantToJson } from "../tenant-json.ts";

/** What Move and Delete answer: how far it is. */
export interface JobAnswer {
  readonly tenant?: Tenant | undefined;
  readonly job?: TenantJob | undefined;
}

export interface FollowOptions {
  readonly json?: boolean;
  readonly wait?: boolean;
}

const ASK_EVERY_MS = 500;

const STAGES: Readonly<Record<TenantJob_Stage, string>> = {
  [TenantJob_Stage.UNSPECIFIED]: "under way",
  [TenantJob_Stage.PREPARE]: "making a place",
  [TenantJob_Stage.COPY]: "copying",
  [TenantJob_Stage.FOLLOW]: "copying what is written meanwhile",
  [TenantJob_Stage.MIRROR]: "at the new place; writing to both until every node has heard",
  [TenantJob_Stage.REFUSE]: "refusing callers; waiting for calls that had begun",
  [TenantJob_Stage.CLEAR]: "removing rows",
  [TenantJob_Stage.FORGET]: "removing credentials and what else is left",
  [TenantJob_Stage.DONE]: "done",
};

/**
 * Asks again until the job is done, which also has a job gone on with that nobody is at, and says each stage once. Leaving
 * early leaves the job to the server. @returns the last answer
 */
export async function followJob(
  context: CliContext,
  { json: isJson, wait }: FollowOptions,
  ask: () => Promise<JobAnswer>,
): Promise<JobAnswer> {
  const stop = context.stop();
  let told: TenantJob_Stage | undefined;
  for (;;) {
    const answer = await ask();
    const { job } = answer;
    const isOver = job === undefined || job.stage === TenantJob_Stage.DONE;
    if (job !== undefined && isJson !== true && !isOver && job.stage !== told) line(context.stdout, stageText(job));
    told = job?.stage;
    if (isOver || wait === false) {
      if (isJson === true) json(context, answerToJson(answer));
      return answer;
    }
    await sleep(ASK_EVERY_MS, undefined, { signal: stop }).catch(() => {
      throw new CliError(EXIT.unavailable, "stopped waiting; the server goes on with it", {
        hint: "run the same command again to see how far it is",
      });
    });
  }
}

/** `copying (12,000 tuples copied)`. */
function stageText({ stage, copied, removed }: TenantJob): string {
  const done = [
    ...(copied > 0n ? [`${count(Number(copied), "tuple")} copied`] : []),
    ...(removed > 0n ? [`${count(Number(removed), "row")} removed`] : []),
  ].join(", ");
  return `${STAGES[stage]}${done === "" ? "" : ` (${done})`}`;
}

function answerToJson({ tenant, job }: JobAnswer): unknown {
  return {
    ...(tenant !== undefined && { tenant: tenantToJson(tenant) }),
    ...(job !== undefined && { job: toJson(TenantJobSchema, job) }),
  };
}

/** Between the job's first and last change. */
export function secondsOf({ startedAt, changedAt }: TenantJob): string {
  const ms = (at: TenantJob["startedAt"]) => (at === undefined ? 0 : Number(at.seconds) * 1000 + at.nanos / 1e6);
  return `${((ms(changedAt) - ms(startedAt)) / 1000).toFixed(1)} s`;
}
