import { byLabel, counter, gauge, type MetricSource } from "../metrics.ts";
import type { ApiTokenStats } from "../model/api-token.ts";
import type { TrustStats } from "../model/trust-view.ts";

export interface TrustMetricsParts {
  readonly trust: { stats(): TrustStats };
  readonly apiTokens: { stats(): ApiTokenStats };
  readonly maxRevocations: number;
}

/** How old what is known of credentials is, how much there is of it, and what API tokens cost. */
export function trustMetrics({ trust, apiTokens, maxRevocations }: TrustMetricsParts): MetricSource {
  return () => {
    const known = trust.stats();
    const { remembered, hits, misses, coalesced, spared } = apiTokens.stats();
    return [
      gauge(
        "relata_trust_age_seconds",
        "Since what is known of credentials was last confirmed; +Inf before.",
        known.ageMs / 1000,
      ),
      gauge("relata_trust_bound_seconds", "Older than this, nobody is let in.", known.boundMs / 1000),
      counter("relata_trust_polls_total", "Times that changes of credentials were asked for.", known.polls),
      counter("relata_trust_failures_total", "Rounds of that which failed.", known.failures),
      counter(
        "relata_trust_loads_total",
        "Times that everything was read: once, after a restore, and after the clock was put back.",
        known.loads,
      ),
      gauge("relata_trust_version", "The newest change taken in, which all processes share.", known.logVersion),
      gauge("relata_bindings", "Bindings in memory, those of the configuration left out.", known.bindings),
      gauge("relata_revocations", "Live revocations of JWTs in memory.", known.revocations),
      gauge("relata_revocations_max", "As many there may be.", maxRevocations),
      gauge("relata_api_tokens_remembered", "API tokens that are judged without a read.", remembered),
      byLabel("counter", "relata_api_token_lookups_total", "API tokens looked at.", "result", {
        hit: hits,
        miss: misses,
        coalesced,
        spared,
      }),
    ];
  };
}
