import { join } from "node:path";
import { expect, it } from "vitest";
import { huntStaleAnswers } from "./hunt.ts";

const FAULTS = ["no-token-check", "lagging-head", "mixed-revisions"];

it("finds the stale answers of nodes that do not check tokens, believe a lagging head or mix revisions", async () => {
  const programs = FAULTS.map((fault) => [join(import.meta.dirname, "doctored-node.ts"), fault]);
  const { problems } = await huntStaleAnswers({ seed: 1, mishaps: [], answersBetween: 400, fleet: { programs } });
  console.log(`${problems.length} problems, such as ${problems.slice(0, 3).join("\n")}`);
  expect(problems).toContainEqual(expect.stringMatching(/^stale: .* a at_least_as_fresh\(/));
  expect(problems).toContainEqual(expect.stringMatching(/^stale: .* b fully_consistent/));
  expect(problems).toContainEqual(expect.stringMatching(/^wrong at its own revision .* c /));
}, 60_000);
