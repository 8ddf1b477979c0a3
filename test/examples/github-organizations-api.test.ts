import { afterAll, beforeAll, expect, it } from "vitest";
import { compareOrganizations } from "./compare-organizations.ts";
import { countsOf, type LoadedOrganizations, loadThroughApi, organizationFolder } from "./organization-data.ts";

/** Organisations with more people than this are asked about on a part of their repositories here, and on all of them in the long run. */
const LARGE = 1_000;
const EVERY_NTH_OF_LARGE = 12;

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
  const large = new Set(
    loaded.readings.filter(({ people }) => people.size > LARGE).map(({ organization }) => `${organization}/`),
  );
  const comparison = await compareOrganizations(loaded.readings, loaded.ask, {
    peopleOf: ({ people }) => people,
    repository: (name, index) => !large.has(name.replace(/[^/]*$/, "")) || index % EVERY_NTH_OF_LARGE === 0,
    inFlight: 2,
  });
  const part = large.size === 0 ? "" : ` (every ${EVERY_NTH_OF_LARGE}th repository of ${[...large].join(", ")})`;
  console.log(`github-organizations: ${countsOf(loaded.report.added, comparison)}${part}`);
  expect(comparison.disagreements).toEqual([]);
  expect(comparison.allowed).toBeGreaterThan(0);
  expect(comparison.allowed).toBeLessThan(comparison.questions);
}, 120_000);
