/** What residency may cost, and how fresh it tries to be. Milliseconds are monotonic ones. */
export interface ResidencyOptions {
  /** What all resident tenants may use together, those being loaded included. 0: no tenant is resident. */
  readonly budgetBytes: number;
  /** What rows read from the store for other tenants may use. */
  readonly cacheBytes: number;
  /** Instead of `cacheBytes`: how many such reads are kept. */
  readonly cacheEntries?: number;
  /** How often the newest revisions of tenants in use are read. */
  readonly pollIntervalMs: number;
  /** How often those of tenants that nobody asks about are. */
  readonly idlePollMs: number;
  /** A tenant that nobody has asked about for so long is idle. */
  readonly idleAfterMs: number;
  /** News of other processes' writes is taken in together, after this long at most. A request that waits does not wait for it. */
  readonly hintDelayMs: number;
  /** While such news keeps coming, it is taken in so often at most. */
  readonly hintSpacingMs: number;
  /** A read of the newest revisions, or of changes, that takes longer has failed. Doubles while reads fail, up to 2 s. */
  readonly readTimeoutMs: number;
  /** A fill whose next batch takes longer has failed. */
  readonly batchTimeoutMs: number;
  /** How long a revision that has been superseded stays answerable from memory. */
  readonly windowMs: number;
  /** Versions of changed tuples that a tenant may keep for that; beyond them the window is shorter. */
  readonly maxVersions: number;
  /** Tenants whose changes are followed; the longest unused is forgotten for a new one. */
  readonly maxFollowed: number;
  /** Tenants filled at the same time. */
  readonly maxLoads: number;
  /** A resident tenant may be pushed out by another once it has not been asked about for this long. */
  readonly displaceIdleMs: number;
  /** How long a tenant that did not fit is left alone, unless the room that it needs becomes free. */
  readonly refusedForMs: number;
}

export const DEFAULT_RESIDENCY: ResidencyOptions = {
  budgetBytes: 1024 ** 3,
  cacheBytes: 64 * 1024 ** 2,
  pollIntervalMs: 250,
  idlePollMs: 5_000,
  idleAfterMs: 30_000,
  hintDelayMs: 20,
  hintSpacingMs: 60,
  readTimeoutMs: 500,
  batchTimeoutMs: 10_000,
  windowMs: 60_000,
  maxVersions: 200_000,
  maxFollowed: 10_000,
  maxLoads: 2,
  displaceIdleMs: 5_000,
  refusedForMs: 600_000,
};
