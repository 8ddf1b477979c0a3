import { expect, it } from "vitest";
import { compareOrganizations } from "./compare-organizations.ts";
import { countsOf, loadThroughApi, organizationFolder } from "./organization-data.ts";

it("answers as the YAML says, for every repository × role × person of any organisation, over gRPC", async () => {
  const loaded = await loadThroughApi(organizationFolder());
  try {
    const comparison = await compareOrganizations(loaded.readings, loaded.ask, {
      peopleOf: () => loaded.everyone,
      inFlight: 2,
    });
    console.log(`github-organizations, everything: ${countsOf(loaded.report.added, comparison)}`);
    expect(comparison.disagreements).toEqual([]);
  } finally {
    await loaded.close();
  }
}, 1_200_000);
