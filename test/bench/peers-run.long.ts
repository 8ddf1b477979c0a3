import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { amountsOf } from "../../bench/layer-options.ts";
import type { PeerOrder } from "../../bench/peers/peer-order.ts";
import { renderReport } from "../../bench/report/table.ts";
import { runLayers } from "../../bench/run-layers.ts";
import "../support/postgres-global.ts";
import { type SpiceDbBridge, startSpiceDbBridge } from "./spicedb-bridge.ts";

const TOKEN = "the-token";
let bridge: SpiceDbBridge;

beforeAll(async () => {
  bridge = await startSpiceDbBridge(TOKEN);
});
afterAll(() => bridge[Symbol.asyncDispose]());

function run(order: Partial<PeerOrder>) {
  return runLayers({
    ...amountsOf("quick", 2_000),
    questions: 400,
    roundMs: 300,
    layers: ["peers"],
    peers: {
      addresses: [{ name: "spicedb", host: "127.0.0.1", port: bridge.port, token: TOKEN }],
      tuples: 1_000,
      workloads: ["documents"],
      checked: 100,
      consistencies: ["minimize_latency"],
      rounds: 2,
      openRounds: 1,
      ...order,
    },
    mode: "quick",
    doctored: false,
    databaseUrl: inject("testCluster").admin.url,
    print: () => undefined,
  });
}

describe("npm run bench -- peers", () => {
  it("checks the answers, then times both sides and says the ratios", async () => {
    const report = await run({ workloads: ["caveats"], consistencies: ["minimize_latency", "fully_consistent"] });
    expect(report.answers.wrong).toEqual([]);
    expect(report.answers.byWorkload?.["caveats"]).toBeGreaterThan(100);
    const lanes = ["peers/spicedb/caveats", "peers/spicedb/caveats/fully_consistent"];
    for (const lane of lanes) {
      const throughput = report.figures.find(({ id }) => id === `${lane}/throughput`);
      expect(throughput).toMatchObject({
        kind: "ratio",
        better: "more",
        samples: [expect.any(Number), expect.any(Number)],
      });
      expect(report.ratios[`${lane}/throughput`]).toBeGreaterThan(0);
      expect(report.ratios[`${lane}/open_p99`]).toBeGreaterThan(0);
    }
    // The ratio is of what each did in the same round.
    const samplesOf = (what: string) => report.figures.find(({ id }) => id === `${lanes[0]}/${what}`)?.samples ?? [];
    const [ours = 0, theirs = 0] = [samplesOf("relata_calls")[1], samplesOf("peer_calls")[1]];
    expect(samplesOf("throughput")[1]).toBeCloseTo(ours / theirs, 6);
    expect(
      report.plots.against.filter(({ kind, against }) => kind === "peer" && against === "SpiceDB embedded"),
    ).toHaveLength(6);
    expect(report.settings["peers"]).toMatchObject({ addresses: [`spicedb=127.0.0.1:${bridge.port}`] });
    expect(JSON.stringify(report)).not.toContain(TOKEN);
    expect(renderReport(report)).toContain("spicedb, caveats, fully_consistent: relata against SpiceDB, throughput");
  }, 240_000);

  it("does not time who answers wrong", async () => {
    bridge.options = { liesTo: (user) => user.startsWith("nobody") };
    const before = bridge.calls.get("CheckPermission") ?? 0;
    const report = await run({ workloads: ["documents"] });
    bridge.options = {};
    expect(report.answers.wrong[0]).toContain("likely cause: it decides these kinds otherwise: unknown user");
    expect(report.figures).toEqual([]);
    expect((bridge.calls.get("CheckPermission") ?? 0) - before).toBe(100);
    expect(renderReport(report)).toMatch(/^wrong: spicedb\/documents: user:nobody-/m);
  }, 120_000);

  it("notices who answers wrong under load only", async () => {
    const before = bridge.calls.get("CheckPermission") ?? 0;
    const checked = () => (bridge.calls.get("CheckPermission") ?? 0) - before;
    bridge.options = { liesTo: (user) => user.startsWith("nobody") && checked() > 200 };
    const report = await run({ workloads: ["documents"], rounds: 1 });
    bridge.options = {};
    expect(report.answers.wrong).toEqual([
      expect.stringMatching(
        /^spicedb\/documents\/minimize_latency, peer: \d+ of \d+ answers under load, 0 of them errors; the first: /,
      ),
      expect.stringMatching(/^spicedb\/documents\/minimize_latency, peer: /),
    ]);
    expect([report.figures, report.rows, report.plots.against, report.plots.distributions]).toEqual([[], [], [], []]);
    expect(report.ratios).toEqual({});
  }, 120_000);
});
