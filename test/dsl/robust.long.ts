import { expect, test } from "vitest";
import { compileExpensive, EXPENSIVE } from "./expensive-texts.ts";

/** The everyday run compiles a fifth of each. */
test.each(Object.entries(EXPENSIVE))("the largest text of %s is refused or compiled quickly", (_, text) => {
  const largest = text(1);
  expect(largest.length).toBeGreaterThan(1_000);
  compileExpensive(largest);
});
