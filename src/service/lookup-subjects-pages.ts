import type { Decision } from "../model/decision.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { LookupCount, LookupPage, LookupResult } from "./lookup-page.ts";

/** In order of id; undefined stands for somebody who was looked at and is no result. */
export type Searching = AsyncGenerator<LookupResult | undefined, void, undefined>;

export interface PagingOptions {
  /** 0 for all. */
  readonly limit: number;
  /** @param place an id */
  readonly cursorAfter: (place: string) => string;
  readonly consistencyToken: string;
}

/** The first page is small, so that it comes early; each later one may be twice as large. */
const FIRST_PAGE = 50;
const MAX_PAGE = 1000;
/** So many looked at in vain, and what was found before them is sent on: the next may be far. */
const PATIENCE = 1000;

/**
 * Never asks for more results than the limit.
 * @throws what `found` throws, after a page of what it gave before
 */
export async function* pagesOf(
  found: Searching,
  { limit, cursorAfter, consistencyToken }: PagingOptions,
): AsyncGenerator<LookupPage, void, undefined> {
  const page = (results: readonly LookupResult[]): LookupPage => ({
    results,
    cursorAfter: ({ id }) => cursorAfter(id),
    consistencyToken,
  });
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  let size = FIRST_PAGE;
  let inVain = 0;
  let results: LookupResult[] = [];
  try {
    for await (const result of found) {
      if (result === undefined) inVain += 1;
      else results.push(result);
      const isFull = results.length >= Math.min(size, left);
      if (!isFull && (inVain < PATIENCE || results.length === 0)) continue;
      const full = results;
      left -= full.length;
      size = Math.min(size * 2, MAX_PAGE);
      inVain = 0;
      results = [];
      yield page(full);
      if (left <= 0) return;
    }
  } catch (error) {
    if (results.length > 0) yield page(results);
    throw error;
  }
  if (results.length > 0) yield page(results);
}

/** @param limit counts so many, and asks for one more to know whether there is one; 0 for all */
export async function countOf(found: Searching, limit: number): Promise<LookupCount> {
  const counts = { allowed: 0, conditional: 0, denied: 0 };
  let wildcard: Decision | undefined;
  let total = 0;
  let capped = false;
  for await (const result of found) {
    if (result === undefined) continue;
    if (result.id === WILDCARD_ID) {
      wildcard = result.decision;
      continue;
    }
    capped = limit > 0 && total === limit;
    if (capped) break;
    counts[result.decision.kind] += 1;
    total += 1;
  }
  const { allowed, conditional, denied: excluded } = counts;
  return { allowed, conditional, excluded, wildcard, capped };
}
