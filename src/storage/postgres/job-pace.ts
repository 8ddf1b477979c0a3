import { setTimeout as sleep } from "node:timers/promises";
import type { ChangeOrigin } from "../../model/store.ts";
import type { JobPace } from "../../model/tenant-life.ts";
import type { JobRow } from "./tenant-jobs.ts";

/** Until nobody has what they had when this began: by this process's own clock, which nobody sets. */
export async function settle({ settleMs, signal }: JobPace): Promise<void> {
  await sleep(settleMs, undefined, signal && { signal });
}

/** Who asked for the job, whoever works at it. */
export function jobOrigin({ actor, request_id: requestId, credential, address }: JobRow): ChangeOrigin {
  return { actor, requestId, ...(credential !== null && { credential }), ...(address !== null && { address }) };
}
