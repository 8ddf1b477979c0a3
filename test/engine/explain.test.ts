import { expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { startCheck } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { build, oracleOf, overlay, randomAsking, randomQuestions } from "../support/arbitrary-world.ts";
import { createSource } from "../support/oracle-source.ts";
import { seeded } from "../support/random.ts";
import { outcomesOf } from "./ask.ts";
import { verifyExplanation } from "./explain-verify.ts";
import { PLENTY } from "./random-checks.ts";

const CHECKS = 8_000;

test(`explanations of ${CHECKS} random checks justify what they explain`, { timeout: 60_000 }, () => {
  const seen: Record<string, number> = {
    allowed: 0,
    denied: 0,
    conditional: 0,
    failed: 0,
    sameAs: 0,
    expired: 0,
    nodes: 0,
  };
  for (let seed = 40_000, checks = 0; checks < CHECKS; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined) continue;
    const oracleFor = oracleOf(draft, world);
    for (let i = 0; i < 4; i++) {
      const asking = randomAsking(random, draft, EVERYTHING);
      const tuples = asking.contextual ? overlay(world.tuples, world.contextual) : world.tuples;
      const source = createSource(tuples);
      for (const question of randomQuestions(random, draft, asking.subject, 20)) {
        const item = { question, context: asking.context };
        const solver = startCheck(planSchema(world.schema), item, {
          nowMs: asking.nowMs,
          limits: PLENTY,
          explain: true,
        });
        const [outcome] = outcomesOf(solver, source);
        const { nodes, truncated } = solver.explanation(0);
        expect(truncated).toBe(false);
        const claims = { schema: world.schema, tuples, oracle: oracleFor(asking), circumstances: asking };
        try {
          verifyExplanation(nodes, claims);
        } catch (error) {
          throw new Error(
            `seed ${seed}: ${JSON.stringify(question)}\n${world.text}\n${tuples.map(formatTuple).join("\n")}`,
            {
              cause: error,
            },
          );
        }
        const kind = outcome instanceof RelataError ? "failed" : (outcome?.decision.kind ?? "none");
        seen[kind] = (seen[kind] ?? 0) + 1;
        for (const { what } of nodes) {
          if (what.kind === "member" && what.sameAs !== undefined) seen["sameAs"] = (seen["sameAs"] ?? 0) + 1;
          if (what.kind === "no_tuple" && what.expired) seen["expired"] = (seen["expired"] ?? 0) + 1;
        }
        seen["nodes"] = (seen["nodes"] ?? 0) + nodes.length;
        checks += 1;
      }
    }
  }
  console.log("explanations verified:", seen);
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
});
