import { describe, expect, it } from "vitest";
import { WORKLOAD_NAMES } from "../../bench/workloads/workloads.ts";
import { wholePath } from "./whole-path.ts";

describe("the whole path of every workload", () => {
  const { run, issuer } = wholePath();

  it("gives the known answers over gRPC", async () => {
    const names = WORKLOAD_NAMES.filter((name) => name !== "saas");
    const { rounds, verified } = await run(names, { roundMs: 200, rounds: 2 });
    expect([...rounds.values()].flat().filter(({ wrong }) => wrong > 0)).toEqual([]);
    expect([...rounds.keys()]).toEqual(expect.arrayContaining(names));
    expect([...verified.values()].flatMap(({ wrong }) => wrong)).toEqual([]);
  });

  it("notices the answers of another tenant", async () => {
    const other = (slug: string) => (slug.endsWith("-0") ? slug.replace(/0$/, "1") : slug.replace(/1$/, "0"));
    const { rounds } = await run(["saas"], { mint: async (slug) => issuer().mint({ sub: other(slug) }) });
    const [round] = rounds.get("saas") ?? [];
    expect(round?.wrong).toBeGreaterThan(0);
    expect(round?.firstWrong?.why).toMatch(/hex 00000000..08/);
  });
});
