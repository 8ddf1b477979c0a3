/** How fast a bucket fills, and how much it holds. */
export interface BucketRule {
  readonly perMs: number;
  readonly burst: number;
}

/** @param burst 0: a second's worth. Undefined: no limit */
export function bucketRule(perSecond: number, burst: number): BucketRule | undefined {
  return perSecond === 0 ? undefined : { perMs: perSecond / 1000, burst: Math.max(1, burst === 0 ? perSecond : burst) };
}

/** Work that may be done at once, filling up as time passes. Two additions a call, nothing allocated. */
export class TokenBucket {
  readonly #rule: BucketRule;
  #tokens: number;
  #filledMs: number;

  constructor(rule: BucketRule, nowMs: number) {
    this.#rule = rule;
    this.#tokens = rule.burst;
    this.#filledMs = nowMs;
  }

  /** Takes one. @returns 0, or nothing was taken and there is one in so many milliseconds */
  take(nowMs: number): number {
    const waitMs = this.waitMs(nowMs);
    if (waitMs === 0) this.#tokens -= 1;
    return waitMs;
  }

  /** The same without taking one. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens < 1 ? Math.max(1, (1 - this.#tokens) / this.#rule.perMs) : 0;
  }

  /** What is known only once the work has begun. The bucket may come to owe: the next ones wait longer. */
  charge(cost: number): void {
    this.#tokens -= cost;
  }

  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens >= this.#rule.burst;
  }

  #fill(nowMs: number): void {
    const { perMs, burst } = this.#rule;
    this.#tokens = Math.min(burst, this.#tokens + Math.max(0, nowMs - this.#filledMs) * perMs);
    this.#filledMs = nowMs;
  }
}
