import { describe, expect, it } from "vitest";
import { createProcessMetrics } from "../../src/metrics/process-metrics.ts";
import { createRequestMetrics } from "../../src/metrics/request-metrics.ts";
import { residencyMetrics } from "../../src/metrics/residency-metrics.ts";
import { byLabel, counter, exposition, gauge, mergeFamilies } from "../../src/metrics.ts";
import type { ResidencyStats } from "../../src/model/residency.ts";
import { readExposition } from "../support/exposition.ts";

describe("Prometheus's text", () => {
  it("names a family once and escapes what has to be", () => {
    const text = exposition([
      counter("a_total", "back\\slash\nand line", 3),
      byLabel("gauge", "b", "b", "where", { 'say "x"\\\n': 1.5, y: Number.POSITIVE_INFINITY }),
    ]);
    expect(text).toBe(
      [
        "# HELP a_total back\\\\slash\\nand line",
        "# TYPE a_total counter",
        "a_total 3",
        "# HELP b b",
        "# TYPE b gauge",
        'b{where="say \\"x\\"\\\\\\n"} 1.5',
        'b{where="y"} +Inf',
        "",
      ].join("\n"),
    );
  });

  it("tells processes apart, and each family is still there once", () => {
    const families = (value: number) => [gauge("g", "g", value), byLabel("counter", "c", "c", "kind", { x: value })];
    const merged = mergeFamilies(
      "worker",
      new Map([
        ["1", families(1)],
        ["2", families(2)],
      ]),
    );
    const read = readExposition(exposition(merged));
    expect(read.get('g{worker="1"}')).toBe(1);
    expect(read.get('g{worker="2"}')).toBe(2);
    expect(read.get('c{worker="2",kind="x"}')).toBe(2);
    expect(merged.length).toBe(2);
  });
});

describe("requests", () => {
  it("are counted by method and code, their durations in buckets that add up", () => {
    const requests = createRequestMetrics(["a", "b", "c"], ["ok", "internal"]);
    for (const ms of [0, 0.064, 0.0641, 1, 1000, 40_000, 1e12]) requests.observe("a", 0, ms);
    requests.observe("b", 1, 3);
    requests.observe("unheard of", 0, 3);
    const text = exposition(requests.collect());
    const read = readExposition(text);
    expect(read.get('relata_requests_total{method="a",code="ok"}')).toBe(7);
    expect(read.get('relata_requests_total{method="b",code="internal"}')).toBe(1);
    const bucket = (le: string) => read.get(`relata_request_duration_seconds_bucket{method="a",le="${le}"}`);
    expect([bucket("0.000064"), bucket("0.000128"), bucket("0.001024"), bucket("33.554432"), bucket("+Inf")]).toEqual([
      2, 3, 4, 5, 7,
    ]);
    expect(read.get('relata_request_duration_seconds_count{method="a"}')).toBe(7);
    expect(read.get('relata_request_duration_seconds_sum{method="b"}')).toBeCloseTo(0.003);
    expect(text).not.toContain('"c"');
    expect(text).not.toContain("unheard");
  });

  it("lie in the first bucket that is not too small", () => {
    for (let power = 6; power <= 25; power += 1) {
      const requests = createRequestMetrics(["a"], ["ok"]);
      requests.observe("a", 0, 2 ** power / 1000);
      const own = readExposition(exposition(requests.collect()));
      const at = (p: number) => own.get(`relata_request_duration_seconds_bucket{method="a",le="${2 ** p / 1e6}"}`);
      expect([at(power - 1) ?? 0, at(power)]).toEqual([0, 1]);
    }
  });
});

describe("what memory holds", () => {
  const stats: ResidencyStats = {
    budgetBytes: 1000,
    residentBytes: 300,
    tenants: [
      { tenantId: "1", state: "resident", tuples: 5, bytes: 200, revision: 1, confirmedAgoMs: 1 },
      { tenantId: "2", state: "resident", tuples: 7, bytes: 100, revision: 1, confirmedAgoMs: 1 },
      { tenantId: "3", state: "followed", tuples: 0, bytes: 0, revision: undefined, confirmedAgoMs: 1 },
    ],
    loads: { started: 4, finished: 3, refused: 2, failed: 1 },
    evictions: 6,
    tail: {
      polls: 10,
      failures: 2,
      lastSuccessAtMs: 1_500,
      appliedRevisions: 20,
      appliedChanges: 30,
      longestSliceMs: 1.5,
    },
    cache: { bytes: 8, entries: 9, hits: 11, misses: 12, coalesced: 13 },
  };

  it("is all told, by state", () => {
    const text = exposition(residencyMetrics({ stats: () => stats }, () => 4_000)());
    const read = readExposition(text);
    const names = {
      relata_resident_budget_bytes: 1000,
      relata_resident_bytes: 300,
      'relata_tenants{state="resident"}': 2,
      'relata_tenants{state="loading"}': 0,
      'relata_tenant_tuples{state="resident"}': 12,
      'relata_tenant_bytes{state="resident"}': 300,
      'relata_loads_total{outcome="refused"}': 2,
      relata_evictions_total: 6,
      relata_tail_polls_total: 10,
      relata_tail_failures_total: 2,
      relata_tail_silent_seconds: 2.5,
      relata_tail_applied_revisions_total: 20,
      relata_tail_applied_changes_total: 30,
      relata_tail_longest_slice_seconds: 0.0015,
      relata_cache_bytes: 8,
      relata_cache_entries: 9,
      'relata_cache_reads_total{result="miss"}': 12,
    };
    expect(Object.fromEntries(Object.keys(names).map((name) => [name, read.get(name)]))).toEqual(names);
  });

  it("names the ten largest tenants and nobody who takes nothing", () => {
    const tenants = Array.from({ length: 30 }, (_, index) => ({
      ...{ tenantId: `t${index}`, state: index % 2 === 0 ? ("resident" as const) : ("loading" as const) },
      ...{ tuples: index, bytes: (index * 7) % 30, revision: 1, confirmedAgoMs: 1 },
    }));
    const largest = (of: typeof tenants) =>
      residencyMetrics({ stats: () => ({ ...stats, tenants: of }) }, () => 4_000)()
        .find(({ name }) => name === "relata_largest_tenant_bytes")
        ?.samples.map(({ labels, value }) => `${labels?.["tenant_id"]} ${labels?.["state"]} ${value}`);
    expect(largest(tenants)?.slice(0, 2)).toEqual(["t17 loading 29", "t4 resident 28"]);
    expect(largest(tenants)).toHaveLength(10);
    expect(largest(tenants.filter(({ bytes }) => bytes <= 2))).toEqual(["t26 resident 2", "t13 loading 1"]);
  });

  it("is silent for ever before the tail has begun", () => {
    const never = { ...stats, tail: { ...stats.tail, lastSuccessAtMs: Number.NEGATIVE_INFINITY } };
    const read = readExposition(exposition(residencyMetrics({ stats: () => never }, () => 1)()));
    expect(read.get("relata_tail_silent_seconds")).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the process", () => {
  it("tells memory, processor time and the longest delay since it was last asked", async () => {
    const metrics = createProcessMetrics();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const busyUntil = performance.now() + 60;
    while (performance.now() < busyUntil);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const first = readExposition(exposition(metrics.collect()));
    const second = readExposition(exposition(metrics.collect()));
    metrics.stop();
    expect(first.get("process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(first.get("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(first.get("nodejs_eventloop_delay_max_seconds")).toBeGreaterThan(0.05);
    expect(second.get("nodejs_eventloop_delay_max_seconds")).toBeLessThan(0.05);
  });
});
