import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketRule, TokenBucket } from "../../../src/rpc/limits/token-bucket.ts";

const rates = fc.integer({ min: 1, max: 10_000 });
const bursts = fc.integer({ min: 0, max: 500 });
/** How long after the one before each try comes, milliseconds; a clock that is read twice may have gone back. */
const steps = fc.array(fc.integer({ min: -5, max: 50 }), { minLength: 1, maxLength: 300 });

test("from any try to any later one no more goes than burst + rate × time", () => {
  fc.assert(
    fc.property(rates, bursts, steps, (perSecond, burst, pauses) => {
      const rule = bucketRule(perSecond, burst);
      if (rule === undefined) throw new Error("no limit");
      const bucket = new TokenBucket(rule, 0);
      const taken: number[] = [];
      let nowMs = 0;
      let latestMs = 0;
      for (const pause of pauses) {
        nowMs += pause;
        latestMs = Math.max(latestMs, nowMs);
        if (bucket.take(nowMs) === 0) taken.push(latestMs);
      }
      for (const [first, sinceMs] of taken.entries())
        for (const [last, untilMs] of taken.entries())
          if (last >= first) {
            // A clock that goes back by up to 5 ms a step gives as much again, once for each step back.
            const back = pauses.filter((pause) => pause < 0).reduce((sum, pause) => sum - pause, 0);
            const most = rule.burst + (untilMs - sinceMs + back) * rule.perMs;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
          }
    }),
    { numRuns: 60 },
  );
});

test("who waits as long as it was told gets through, and who comes a moment sooner does not", () => {
  fc.assert(
    fc.property(rates, bursts, fc.integer({ min: 0, max: 2_000 }), (perSecond, burst, charged) => {
      const rule = bucketRule(perSecond, burst);
      if (rule === undefined) throw new Error("no limit");
      const bucket = new TokenBucket(rule, 0);
      while (bucket.take(0) === 0);
      bucket.charge(charged);
      const waitMs = bucket.take(0);
      // Nobody is told less than a millisecond, and may then come sooner.
      if (waitMs > 1) expect(bucket.take(waitMs * 0.9)).toBeGreaterThan(0);
      expect(bucket.take(waitMs + 1e-6)).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("a burst of 0 is a second's worth, and a rate of 0 no limit", () => {
  expect(bucketRule(50, 0)).toEqual({ perMs: 0.05, burst: 50 });
  expect(bucketRule(0, 10)).toBeUndefined();
});
