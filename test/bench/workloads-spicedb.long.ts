import { describe, expect, it } from "vitest";
import type { KnownLookup, KnownQuestion, Workload } from "../../bench/workloads/workload.ts";
import { WORKLOAD_NAMES, WORKLOADS } from "../../bench/workloads/workloads.ts";
import { isError, type SpiceDbWorld, startSpiceDbWith } from "../support/oracle-spicedb.ts";

const TUPLES = 3_000;
const QUESTIONS = 2_000;
/** Of each kind, so that 50 and more are asked of each workload. */
const PER_KIND = 6;
const LOOKUPS = 20;

/** One tenant's: the one that most is asked of. */
function oneTenants(all: readonly KnownQuestion[]): readonly KnownQuestion[] {
  const tenants = [...Map.groupBy(all, ({ tenant = 0 }) => tenant).values()];
  return tenants.toSorted((one, other) => other.length - one.length)[0] ?? [];
}

function someOfEachKind(all: readonly KnownQuestion[]): readonly KnownQuestion[] {
  return [...Map.groupBy(all, ({ kind }) => kind).values()].flatMap((some) => some.slice(0, PER_KIND));
}

async function wrongChecks(world: SpiceDbWorld, asked: readonly KnownQuestion[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { question, allowed, kind, context = {} } of asked) {
    const [answer] = await world.check([question], context);
    const given = isError(answer) ? answer.error : answer;
    if (given !== (allowed ? "allowed" : "denied")) wrong.push(`${kind}: ${given} where ${allowed} is known`);
  }
  return wrong;
}

async function wrongLookups(world: SpiceDbWorld, asked: readonly KnownLookup[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { resourceType: objectType, permission, subject, results, kind } of asked) {
    const found = await world.lookupResources({ objectType, permission, subject, context: {} });
    if (isError(found)) wrong.push(`${kind}: ${found.error}`);
    else if ([...found.keys()].toSorted().join() !== results.toSorted().join())
      wrong.push(`${kind}: ${found.size} found, not the ${results.length} known`);
  }
  return wrong;
}

describe.each(WORKLOAD_NAMES)("the real SpiceDB and the workload %s", (name) => {
  it("agree", { timeout: 120_000 }, async () => {
    const work: Workload = WORKLOADS[name](TUPLES);
    const asked = someOfEachKind(oneTenants(work.questions(QUESTIONS)));
    const changes = Array.from({ length: 50 }, (_, index) => work.change(index));
    const spiceDb = await startSpiceDbWith(work.schema, [...work.generate(asked[0]?.tenant ?? 0), ...changes]);
    try {
      expect(await wrongChecks(spiceDb, asked)).toEqual([]);
      expect(await wrongLookups(spiceDb, work.lookups?.(LOOKUPS) ?? [])).toEqual([]);
      const written = changes.map((_, index) => work.changeQuestion?.(index)).filter((one) => one !== undefined);
      expect(await wrongChecks(spiceDb, written)).toEqual([]);
      expect(asked.length).toBeGreaterThanOrEqual(50);
      console.log(`${name}: ${asked.length} questions of ${new Set(asked.map(({ kind }) => kind)).size} kinds`);
    } finally {
      spiceDb.close();
    }
  });
});
