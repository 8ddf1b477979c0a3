import type pg from "pg";
import type { Store } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { fillTenant } from "../database/fill-tenant.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import { WORKLOADS, type WorkloadName } from "../workloads/workloads.ts";

/** A workload, and the tenants in which its tuples are. */
export interface FilledWorkload {
  readonly name: WorkloadName;
  readonly work: Workload;
  /** By their numbers; as many as were filled. */
  readonly tenants: readonly Tenant[];
  /** In those tenants. */
  readonly questions: readonly KnownQuestion[];
}

export interface WorkloadAmounts {
  /** Of each workload. */
  readonly tuples: number;
  /** Of a workload of many tenants, those that are filled and asked about. */
  readonly tenants: number;
  readonly questions: number;
}

const ORIGIN = { actor: "bench", requestId: "bench" };
/** To find so many in the tenants that are filled, among questions to all of them. */
const MAX_SEARCHED = 40;

/** Makes the tenants of workloads, with their schemas and tuples. */
export async function fillWorkloads(
  owner: pg.ClientConfig,
  store: Store,
  names: readonly WorkloadName[],
  amounts: WorkloadAmounts,
): Promise<readonly FilledWorkload[]> {
  const filled: FilledWorkload[] = [];
  for (const name of names) {
    const work: Workload = WORKLOADS[name](amounts.tuples);
    const count = Math.min(work.tenants, amounts.tenants);
    const tenants: Tenant[] = [];
    for (let number = 0; number < count; number += 1) {
      const tenant = await store.tenants.create({ slug: `bench-${name}-${number}` }, ORIGIN);
      await store.schemas.write(tenant, { text: work.schema, expectedVersion: 0, strands: [], origin: ORIGIN });
      const isLast = name === names.at(-1) && number === count - 1;
      await fillTenant(owner, tenant, work.generate(number), { analyze: isLast });
      tenants.push(tenant);
    }
    filled.push({ name, work, tenants, questions: questionsIn(work, count, amounts.questions) });
  }
  return filled;
}

function questionsIn(work: Workload, tenants: number, count: number): readonly KnownQuestion[] {
  const found: KnownQuestion[] = [];
  for (let index = 0; found.length < count && index < count * MAX_SEARCHED; index += 1) {
    const asked = work.question(index);
    if ((asked.tenant ?? 0) < tenants) found.push(asked);
  }
  if (found.length === 0) throw new Error(`${work.name} asks nothing about its first ${tenants} tenants`);
  return found;
}
