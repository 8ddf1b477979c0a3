import { expect, it } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { compareVerbs, PARTS } from "../agreement/compare.ts";
import { openService } from "../agreement/service.ts";
import { NOW_MS } from "../support/arbitrary.ts";

const ANSWERS = 8_000;

it(`LookupSubjects and the naive oracle agree on ${ANSWERS} random subjects`, async () => {
  const service = openService(createMemoryStore({ now: () => NOW_MS }));
  const { tally } = await compareVerbs(service, ANSWERS, 7_000_000, [PARTS.subjects]);
  expect(tally.lookupSubjects.answers).toBeGreaterThanOrEqual(ANSWERS);
});

it("Expand and the naive oracle agree on 2,000 random subjects", async () => {
  const service = openService(createMemoryStore({ now: () => NOW_MS }));
  await compareVerbs(service, 2000, 8_000_000, [PARTS.trees]);
});
