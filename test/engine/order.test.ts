import { expect, test } from "vitest";
import type { Plan } from "../../src/engine/plan.ts";
import { planSchema } from "../../src/engine/plan.ts";
import type { CheckItem } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { Found, TupleSource } from "../../src/model/need.ts";
import type { Member, Rewrite, Schema } from "../../src/model/schema.ts";
import { decide } from "../../src/service/decide.ts";
import { EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { build, overlay, randomAsking, randomQuestions } from "../support/arbitrary-world.ts";
import { createSource } from "../support/oracle-source.ts";
import type { Random } from "../support/random.ts";
import { seeded } from "../support/random.ts";
import { PLENTY } from "./random-checks.ts";

const CHECKS = 20_000;

/**
 * Which tuple comes first, which branch of an expression is looked at first and what else is asked in the same run
 * decides nothing: not the answer, not what is missing, not which caveat failed, not when it changes.
 */
test(`${CHECKS} random checks come out the same in any order`, { timeout: 60_000 }, async () => {
  const seen: Record<string, number> = {};
  for (let seed = 70_000, checks = 0; checks < CHECKS; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined) continue;
    const mirrored = planSchema(mirror(world.schema));
    const items: CheckItem[] = [];
    const tuples = overlay(world.tuples, world.contextual);
    const { nowMs } = randomAsking(random, draft, EVERYTHING);
    for (let i = 0; i < 4; i++) {
      const { subject, context } = randomAsking(random, draft, EVERYTHING);
      for (const question of randomQuestions(random, draft, subject, 15)) items.push({ question, context });
    }
    const source = createSource(tuples);
    const plain = await outcomes(planSchema(world.schema), items, source, nowMs);
    const otherWay = await outcomes(mirrored, items.toReversed(), shuffled(random, source), nowMs);
    expect(otherWay.toReversed().map(told)).toEqual(plain.map(told));
    for (const outcome of plain) {
      const { kind } = told(outcome);
      seen[kind] = (seen[kind] ?? 0) + 1;
    }
    checks += items.length;
  }
  console.log("in two orders:", seen);
  for (const kind of ["allowed", "denied", "conditional", "CAVEAT_EVALUATION_FAILED", "INVALID_CAVEAT_CONTEXT"])
    expect(seen[kind], kind).toBeGreaterThan(5);
});

async function outcomes(plan: Plan, items: readonly CheckItem[], source: Pick<TupleSource, "read">, nowMs: number) {
  const signal = AbortSignal.any([]);
  return (await decide(plan, items, source, { nowMs, signal, limits: PLENTY })).outcomes;
}

function told(outcome: Outcome | RelataError) {
  if (outcome instanceof RelataError) return { kind: outcome.reason, message: outcome.message };
  return { kind: outcome.decision.kind, ...outcome };
}

function shuffled(random: Random, source: TupleSource): Pick<TupleSource, "read"> {
  const shuffle = (found: readonly Found[]) =>
    found
      .map((one) => ({ one, at: random() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ one }) => one);
  return { read: async (needs, maxRows) => (await source.read(needs, maxRows)).map(shuffle) };
}

/** The same schema with the parts of every union and intersection, and the types of every relation, backwards. */
function mirror(schema: Schema): Schema {
  const members = schema.members.map(
    (member): Member =>
      member.kind === "relation"
        ? { ...member, allowed: member.allowed.toReversed() }
        : { ...member, rewrite: mirrorRewrite(member.rewrite) },
  );
  const types = schema.types.map((type) => ({
    ...type,
    members: new Map([...type.members].map(([name, { id }]) => [name, members[id] as Member])),
  }));
  return { ...schema, members, types, definitions: new Map(types.map((type) => [type.name, type])) };
}

function mirrorRewrite(rewrite: Rewrite): Rewrite {
  switch (rewrite.kind) {
    case "union":
    case "intersection":
      return { ...rewrite, children: rewrite.children.toReversed().map(mirrorRewrite) };
    case "exclusion":
      return { ...rewrite, base: mirrorRewrite(rewrite.base), subtract: mirrorRewrite(rewrite.subtract) };
    default:
      return rewrite;
  }
}
