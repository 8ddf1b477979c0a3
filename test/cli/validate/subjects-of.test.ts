import { expect, test } from "vitest";
import { type SubjectSet, unionOf } from "../../../src/cli/validate/subject-set.ts";
import { createSubjectsOf } from "../../../src/cli/validate/subjects-of.ts";
import { RelataError } from "../../../src/errors.ts";
import type { Outcome } from "../../../src/model/decision.ts";
import type { SubjectRef } from "../../../src/model/object.ts";
import { parseTuple } from "../../../src/model/tuple-text.ts";
import { solveInMemory } from "../../engine/random-checks.ts";
import { EVERYTHING, NOW_MS, randomDraft } from "../../support/arbitrary.ts";
import { printCase } from "../../support/arbitrary-shrink.ts";
import { buildFit, everyQuestion, STRANGE_ID } from "../../support/arbitrary-world.ts";
import { seeded } from "../../support/random.ts";

const QUESTIONS = 30_000;
type Membership = "surely" | "perhaps" | "not";

/** What a set says of one subject: by name, or as one of everybody. */
function membershipOf(set: SubjectSet, { type, id, relation }: SubjectRef): Membership {
  const kind = set.get(`${type}#${relation}`);
  const named = kind?.named.get(id);
  const everybody = relation === "" ? kind?.everybody : undefined;
  const exception = everybody?.except.get(id);
  const amongAll = everybody !== undefined && exception?.surely !== true;
  if (named?.surely === true || (everybody?.surely === true && exception === undefined)) return "surely";
  return named !== undefined || amongAll ? "perhaps" : "not";
}

function agrees(membership: Membership, answer: Outcome | RelataError | undefined): boolean {
  if (membership === "perhaps") return true;
  if (answer === undefined || answer instanceof RelataError) return false;
  return answer.decision.kind === (membership === "surely" ? "allowed" : "denied");
}

test("the subjects of a validation block are those whom Check lets in, whatever their caveats come to", {
  timeout: 60_000,
}, () => {
  const counted = { surely: 0, perhaps: 0, not: 0 };
  for (let seed = 1; counted.surely + counted.perhaps + counted.not < QUESTIONS; seed++) {
    // Where there are no caveats nobody is in only perhaps.
    const caveats = seed % 2 === 0;
    const draft = randomDraft(seeded(seed), { ...EVERYTHING, caveats, failures: caveats });
    const world = buildFit(draft);
    if (world === undefined) continue;
    const subjectsOf = createSubjectsOf(world.schema, world.tuples, NOW_MS);
    for (const id of ["aa1", "bb2", STRANGE_ID]) {
      const subject = { type: "user", id, relation: "" };
      const questions = everyQuestion(draft, subject);
      const asking = { subject, context: {}, contextual: false, nowMs: NOW_MS };
      const answers = solveInMemory(world, asking, questions);
      for (const [index, question] of questions.entries()) {
        const membership = membershipOf(subjectsOf(question.object, question.member), subject);
        counted[membership] += 1;
        if (agrees(membership, answers[index]) && (caveats || membership !== "perhaps")) continue;
        throw new Error(`seed ${seed}: ${membership} in the set\n${printCase(draft, question, asking)}`);
      }
    }
  }
  for (const seen of Object.values(counted)) expect(seen).toBeGreaterThan(QUESTIONS / 50);
});

test("10,000 tuples of one relation, and a chain of 2,000 groups", { timeout: 20_000 }, () => {
  const schema = buildFit({
    types: [
      { name: "user", relations: [], permissions: [] },
      { name: "group", relations: [{ name: "member", allowed: ["user", "group#member"] }], permissions: [] },
    ],
    tuples: [],
    contextual: [],
  })?.schema;
  if (schema === undefined) throw new Error("the schema does not compile");
  const wide = Array.from({ length: 10_000 }, (_, n) => parseTuple(`group:wide#member@user:u${n}`));
  const deep = Array.from({ length: 2_000 }, (_, n) => parseTuple(`group:g${n}#member@group:g${n + 1}#member`));
  const subjectsOf = createSubjectsOf(schema, [...wide, ...deep], NOW_MS);
  expect(subjectsOf({ type: "group", id: "wide" }, "member").get("user#")?.named.size).toBe(10_000);
  expect(subjectsOf({ type: "group", id: "g0" }, "member").get("group#member")?.named.size).toBe(2_000);
  expect(unionOf([]).size).toBe(0);
});
