import { byLabel, counter, gauge, type MetricFamily, type MetricSource } from "../metrics.ts";
import type { HeldTenant, Residency, ResidencyStats } from "../model/residency.ts";

/** Named by their ids, so that it can be seen who has the budget. Not all are: there may be thousands. */
const LARGEST = 10;

/** What memory holds, what that costs, and how fresh it is. By state; and the largest tenants one by one. */
export function residencyMetrics(residency: Pick<Residency, "stats">, monotonic: () => number): MetricSource {
  return () => {
    const stats = residency.stats();
    return [...heldFamilies(stats), ...tailFamilies(stats.tail, monotonic()), ...cacheFamilies(stats.cache)];
  };
}

function heldFamilies({ budgetBytes, residentBytes, tenants, loads, evictions }: ResidencyStats): MetricFamily[] {
  const sum = (of: (tenant: HeldTenant) => number) => {
    const sums: Record<HeldTenant["state"], number> = { followed: 0, loading: 0, resident: 0 };
    for (const tenant of tenants) sums[tenant.state] += of(tenant);
    return sums;
  };
  return [
    gauge("relata_resident_budget_bytes", "What tenants in memory may use together.", budgetBytes),
    gauge("relata_resident_bytes", "What they use.", residentBytes),
    byLabel(
      "gauge",
      "relata_tenants",
      "Tenants whose changes are followed, by what is held of them.",
      "state",
      sum(() => 1),
    ),
    byLabel(
      "gauge",
      "relata_tenant_tuples",
      "Tuples held of them.",
      "state",
      sum(({ tuples }) => tuples),
    ),
    byLabel(
      "gauge",
      "relata_tenant_bytes",
      "Memory that they take.",
      "state",
      sum(({ bytes }) => bytes),
    ),
    largestFamily(tenants),
    byLabel("counter", "relata_loads_total", "Tenants that were to be brought into memory.", "outcome", { ...loads }),
    counter("relata_evictions_total", "Tenants that left memory for others.", evictions),
  ];
}

function largestFamily(tenants: readonly HeldTenant[]): MetricFamily {
  const largest = tenants.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const samples = largest.slice(0, LARGEST).map(({ tenantId, state, bytes }) => ({
    labels: { tenant_id: tenantId, state },
    value: bytes,
  }));
  const help = `The ${LARGEST} tenants that take most memory.`;
  return { name: "relata_largest_tenant_bytes", type: "gauge", help, samples };
}

function tailFamilies(tail: ResidencyStats["tail"], nowMs: number): MetricFamily[] {
  const silentSeconds = (nowMs - tail.lastSuccessAtMs) / 1000;
  return [
    counter("relata_tail_polls_total", "Times that the newest revisions were asked for.", tail.polls),
    counter("relata_tail_failures_total", "Reads of revisions or changes that failed.", tail.failures),
    gauge("relata_tail_silent_seconds", "Since the newest revisions were last known; +Inf before.", silentSeconds),
    counter("relata_tail_applied_revisions_total", "Revisions taken into memory.", tail.appliedRevisions),
    counter("relata_tail_applied_changes_total", "Changed tuples taken into memory.", tail.appliedChanges),
    gauge(
      "relata_tail_longest_slice_seconds",
      "Longest stretch that this or a fill kept the thread.",
      tail.longestSliceMs / 1000,
    ),
  ];
}

function cacheFamilies(cache: ResidencyStats["cache"]): MetricFamily[] {
  const reads = { hit: cache.hits, miss: cache.misses, coalesced: cache.coalesced };
  return [
    gauge("relata_cache_bytes", "Tuples kept of tenants that are not whole in memory.", cache.bytes),
    gauge("relata_cache_entries", "Look-ups whose answers are kept.", cache.entries),
    byLabel("counter", "relata_cache_reads_total", "Look-ups of such tenants' tuples.", "result", reads),
  ];
}
