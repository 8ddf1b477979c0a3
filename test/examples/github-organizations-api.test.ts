import { afterAll, beforeAll, expect, it } from "vitest";
import { compareOrganizations } from "./compare-organizations.ts";
import { countsOf, type LoadedOrganizations, loadThroughApi, organizationFolder } from "./organization-data.ts";

/** Of the 1.7 million questions that the organisations of ../shared/data give; the long test asks all of them, and more. */
const TENTH = 10;

let loaded: LoadedOrganizations;
beforeAll(async () => {
  loaded = await loadThroughApi(organizationFolder());
});
afterAll(() => loaded.close());

it("loading the same again changes nothing", async () => {
  expect(await loaded.reload()).toEqual({
    added: 0,
    removed: 0,
    unchanged: loaded.report.added,
    consistencyToken: "",
  });
});

it("answers as the YAML says, for every repository × role and a tenth of the members, by BatchCheck over gRPC", async () => {
  const comparison = await compareOrganizations(loaded.readings, loaded.ask, {
    // Another tenth for each repository, so that everybody is asked about.
    peopleOf: ({ people }, turn) =>
      [...people].filter((_, index) => people.size < TENTH || index % TENTH === turn % TENTH),
    inFlight: 2,
  });
  console.log(`github-organizations: ${countsOf(loaded.report.added, comparison)}`);
  expect(comparison.disagreements).toEqual([]);
  expect(comparison.allowed).toBeGreaterThan(0);
  expect(comparison.allowed).toBeLessThan(comparison.questions);
}, 120_000);
