const LONGEST_MS = 1_000;

/**
 * How long to wait before the next try after `failures` in a row: doubling up to a second, and up to a half less by
 * chance, so that the processes of one database do not come back all at once.
 */
export function backoffMs(baseMs: number, failures: number): number {
  const ceilingMs = Math.max(baseMs, Math.min(LONGEST_MS, baseMs * 2 ** Math.min(failures, 16)));
  return ceilingMs * (1 - Math.random() / 2);
}
