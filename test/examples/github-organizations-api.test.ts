import { afterAll, beforeAll, expect, it } from "vitest";
import { compareOrganizations } from "./compare-organizations.ts";
import { countsOf, type LoadedOrganizations, loadThroughApi, organizationFolder } from "./organization-data.ts";

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

it("answers as the YAML says, for every repository × role × member, by BatchCheck over gRPC", async () => {
  const comparison = await compareOrganizations(loaded.readings, loaded.ask, {
    peopleOf: ({ people }) => people,
    inFlight: 2,
  });
  console.log(`github-organizations: ${countsOf(loaded.report.added, comparison)}`);
  expect(comparison.disagreements).toEqual([]);
  expect(comparison.allowed).toBeGreaterThan(0);
  expect(comparison.allowed).toBeLessThan(comparison.questions);
  // 1.7 million questions where the organisations of ../shared/data are: 85 s on a quiet machine.
}, 900_000);
