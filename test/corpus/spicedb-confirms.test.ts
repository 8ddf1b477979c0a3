import { expect, test } from "vitest";
import { isError, startSpiceDbWith } from "../support/oracle-spicedb.ts";
import { loadScenarios, OWN } from "./scenario.ts";

/** Where relata differs from SpiceDB on purpose (docs/decisions, schema/README.md). */
const CYCLES = "SpiceDB answers cycles by an error";
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  ["all-recursive.yaml", CYCLES],
  ["caveat-in-cycle.yaml", CYCLES],
  ["caveat-on-arrow-to-itself.yaml", CYCLES],
  ["cycle-in-intersection.yaml", CYCLES],
  ["cycle-of-groups.yaml", CYCLES],
  ["cycle-of-parents.yaml", CYCLES],
  ["cycle-under-subtraction.yaml", CYCLES],
  ["mutual-permissions.yaml", "SpiceDB answers this cycle, or errs, by which branch ends first"],
  ["names-with-prefixes.yaml", "SpiceDB's ids have fewer characters"],
  ["wildcard-behind-userset.yaml", "SpiceDB refuses the schema"],
  ["wildcard.yaml", "SpiceDB's Check lets user:* hold user:1#manager, and its LookupResources does not"],
]);

const own = loadScenarios(OWN).filter(({ file }) => !DIFFERENT.has(file));

test.each(own)("SpiceDB confirms the assertions of $file", async ({ scenario }) => {
  const { assertions, text, tuples } = scenario;
  const spicedb = await startSpiceDbWith(text, tuples);
  try {
    for (const { question, context, expected, text: assertion } of assertions) {
      const [answer] = await spicedb.check([question], context);
      expect(isError(answer) ? answer.error : answer, assertion).toBe(expected);
    }
  } finally {
    spicedb.close();
  }
});
