import { join } from "node:path";
import { expect, it } from "vitest";
import { huntStaleAnswers } from "./hunt.ts";

const FAULTS = ["no-token-check", "lagging-head", "mixed-revisions", "forgetful-tail"];

it("finds the wrong answers of nodes that ignore tokens, believe a lagging head, mix revisions or miss removals", async () => {
  const programs = FAULTS.map((fault) => [join(import.meta.dirname, "doctored-node.ts"), fault]);
  const { problems } = await huntStaleAnswers({
    seed: 1,
    mishaps: [],
    answersBetween: 400,
    fleet: { nodes: 4, programs },
  });
  console.log(`${problems.length} problems, such as ${problems.slice(0, 2).join("\n").slice(0, 500)}`);
  // Of each node what its fault must lead to, and cannot be overlooked in some hundred answers.
  for (const wrong of [
    /^(stale|not the snapshot).* a at_/,
    /^stale.* b fully_consistent/,
    /^wrong at its own revision.* c /,
    /^wrong at its own revision.* d /,
  ])
    expect(
      problems.some((problem) => wrong.test(problem)),
      String(wrong),
    ).toBe(true);
}, 120_000);
