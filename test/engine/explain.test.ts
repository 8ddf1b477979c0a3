import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { startCheck } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { TreeNode, TreePart } from "../../src/model/tree.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { build, oracleOf, overlay, randomAsking, randomQuestions } from "../support/arbitrary-world.ts";
import { createSource } from "../support/oracle-source.ts";
import { seeded } from "../support/random.ts";
import { compiled, itemOf, NOW_MS, outcomesOf, sourceOf } from "./ask.ts";
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
  const { failed = 0, ...often } = seen;
  expect(Math.min(...Object.values(often))).toBeGreaterThan(100);
  expect(failed).toBeGreaterThan(0);
});

describe("an explanation", () => {
  const schema = compiled(`
    use expiration
    caveat level(have int, need int) {
      have >= need
    }
    caveat share(parts int) {
      10 / parts > 1
    }
    definition user {}
    definition group {
      relation member: user | group#member with level
    }
    definition folder {
      relation viewer: user:* | group#member
    }
    definition document {
      relation folder: folder
      relation viewer: user with expiration | group#member
      relation owner: user with share
      relation blocked: user
      permission view = (viewer + folder->viewer) - blocked
      permission both = viewer & owner
    }`);

  /** `allowed document:1#view` and so on, indented; `-` before what is subtracted. */
  function told(tuples: readonly string[], question: string, context: JsonObject = {}): readonly string[] {
    const limits = PLENTY;
    const solver = startCheck(planSchema(schema), itemOf(question, context), { nowMs: NOW_MS, limits, explain: true });
    outcomesOf(solver, sourceOf(tuples));
    const { nodes } = solver.explanation(0);
    const lines = (index: number, indent: string): readonly string[] => {
      const { result, subtracted, what } = nodes[index] as TreeNode;
      const below = nodes.flatMap(({ parent }, at) => (at > 0 && parent === index ? [at] : []));
      const line = `${indent}${subtracted === true ? "- " : ""}${result ?? "undecided"} ${describePart(what)}`;
      return [line, ...below.flatMap((part) => lines(part, `${indent}  `))];
    };
    return lines(0, "");
  }

  test("of a grant is one way, with what was subtracted and did not apply", () => {
    const tuples = [
      "document:1#folder@folder:a",
      "document:1#folder@folder:b",
      "folder:b#viewer@group:x#member",
      'group:x#member@group:y#member[level:{"need":3}]',
      "group:y#member@group:x#member[level]",
      "group:y#member@user:anne",
    ];
    expect(told(tuples, "document:1#view@user:anne", { have: 4, colour: "red" })).toEqual([
      "allowed document:1#view",
      "  allowed exclusion",
      "    allowed union",
      "      allowed folder->viewer",
      "        allowed document:1#folder@folder:b",
      "          allowed folder:b#viewer",
      "            allowed folder:b#viewer@group:x#member",
      "              allowed group:x#member",
      '                allowed group:x#member@group:y#member[level:{"need":3}] since have >= need is true of {"have":4,"need":3}',
      "                  allowed group:y#member",
      "                    allowed group:y#member@user:anne",
      "    - denied document:1#blocked",
      "      denied no document:1#blocked@user:anne",
    ]);
  });

  test("shows a wildcard as such, and the self rule", () => {
    const tuples = ["document:1#folder@folder:b", "folder:b#viewer@user:*"];
    expect(told(tuples, "document:1#view@user:anne")).toContain("            allowed folder:b#viewer@user:*");
    expect(told([], "group:a#member@group:a#member")).toEqual(["allowed group:a#member", "  allowed self group:a"]);
  });

  test("of a denial is what was tried: tuples that are missing, have ended, or do not apply", () => {
    const ended = new Date(NOW_MS).toISOString();
    const tuples = [
      `document:1#viewer@user:anne[expiration:${ended}]`,
      "document:1#viewer@group:x#member",
      'group:x#member@group:y#member[level:{"need":3}]',
      "group:y#member@user:anne",
    ];
    expect(told(tuples, "document:1#viewer@user:anne", { have: 1 })).toEqual([
      "denied document:1#viewer",
      `  denied ended document:1#viewer@user:anne[expiration:${ended.replace(".000", "")}]`,
      "  denied document:1#viewer@group:x#member",
      "    denied group:x#member",
      "      denied no group:x#member@user:anne",
      '      denied group:x#member@group:y#member[level:{"need":3}] since have >= need is false of {"have":1,"need":3}',
    ]);
  });

  test("says which caveat failed where that did not matter", () => {
    expect(told(["document:1#owner@user:anne[share]"], "document:1#both@user:anne", { parts: 0 })).toEqual([
      "denied document:1#both",
      "  denied intersection",
      "    denied document:1#viewer",
      "      denied no document:1#viewer@user:anne",
      "    undecided document:1#owner",
      '      undecided document:1#owner@user:anne[share] since 10 / parts > 1 is failed of {"parts":0}',
    ]);
  });

  test("is only for those who asked for it", () => {
    const solver = startCheck(planSchema(schema), itemOf("document:1#view@user:anne"), {
      nowMs: NOW_MS,
      limits: PLENTY,
    });
    expect(() => solver.explanation(0)).toThrow("was not asked to explain");
  });
});

function describePart(what: TreePart): string {
  switch (what.kind) {
    case "member":
      return `${what.object.type}:${what.object.id}#${what.member}`;
    case "self":
      return `self ${what.object.type}:${what.object.id}`;
    case "arrow":
      return `${what.tupleset}->${what.target}`;
    case "no_tuple":
      return `${what.expired ? "ended" : "no"} ${formatTuple(what.tuple)}`;
    case "tuple": {
      const { caveat, tuple } = what;
      if (caveat === undefined) return formatTuple(tuple);
      const { expression, result, context } = caveat;
      return `${formatTuple(tuple)} since ${expression} is ${result.kind} of ${JSON.stringify(context)}`;
    }
    default:
      return what.kind;
  }
}
