import type { KnownQuestion, Workload } from "../../bench/workloads/workload.ts";
import { compileOrThrow, decideInMemory } from "../examples/ask.ts";
import { createOracle } from "../support/oracle.ts";
import { judgeByTwin } from "./caveat-twins.ts";

/** The first questions of each kind, so many of each. */
export function someOfEachKind(asked: readonly KnownQuestion[], each: number): readonly KnownQuestion[] {
  return [...Map.groupBy(asked, ({ kind }) => kind).values()].flatMap((ofKind) => ofKind.slice(0, each));
}

export const changesOf = (work: Workload, count: number) =>
  Array.from({ length: count }, (_, index) => work.change(index));

function groupByTenant(asked: readonly KnownQuestion[]): ReadonlyMap<number, readonly KnownQuestion[]> {
  return Map.groupBy(asked, ({ tenant = 0 }) => tenant);
}

/** Those that the oracle answers otherwise, at milliseconds for each subject anew. It shares nothing with the solver or with a workload's own reasons. */
export function wrongByOracle(work: Workload, asked: readonly KnownQuestion[]): readonly KnownQuestion[] {
  const schema = compileOrThrow(work.schema, `${work.name}.zed`);
  return [...groupByTenant(asked)].flatMap(([tenant, some]) => {
    const strangers = some.map(({ question }) => question.object);
    const oracle = createOracle({ schema, tuples: [...work.generate(tenant)], strangers, judge: judgeByTwin });
    return some.filter(({ question: { object, member, subject }, allowed, context = {} }) => {
      const { kind } = oracle.check(object, member, { subject, context, nowMs: Date.now() });
      return kind !== (allowed ? "allowed" : "denied");
    });
  });
}

/** Those that the solver answers otherwise, with changes in. */
export async function wrongBySolver(
  work: Workload,
  asked: readonly KnownQuestion[],
): Promise<readonly KnownQuestion[]> {
  const wrong = [...groupByTenant(asked)].map(async ([tenant, some]) => {
    const changes = tenant === 0 ? changesOf(work, 200) : [];
    const decide = await decideInMemory(work.schema, [...work.generate(tenant), ...changes], `${work.name}.zed`);
    const found = await decide(some.map(({ question, context = {} }) => ({ question, context })));
    return some.filter(({ allowed }, index) => found[index] !== (allowed ? "allowed" : "denied"));
  });
  return (await Promise.all(wrong)).flat();
}
