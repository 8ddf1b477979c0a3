import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { compareVerbs } from "./compare.ts";
import { openService } from "./service.ts";

const ANSWERS = 200_000;

test(`every verb and the naive oracle agree on ${ANSWERS} random questions in memory`, {
  timeout: 240_000,
}, async () => {
  const service = openService(createMemoryStore({ now: () => NOW_MS }));
  const { tally, ...total } = await compareVerbs(service, ANSWERS, 3_000_000);
  console.log("verbs over the memory store against the oracle, 0 disagreements:", total);
  console.table(tally);
  for (const { answers } of Object.values(tally)) expect(answers).toBeGreaterThan(ANSWERS / 100);
});
