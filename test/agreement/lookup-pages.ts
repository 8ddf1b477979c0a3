import { RelataError } from "../../src/errors.ts";
import type { LookupPage, LookupResult } from "../../src/service/lookup-page.ts";

/** Everything a lookup answered, and the error it ended with. */
export interface Drained {
  readonly results: readonly LookupResult[];
  readonly cursor: string;
  readonly count: Extract<LookupPage, { count: unknown }>["count"] | undefined;
  readonly error: RelataError | undefined;
}

export async function drain(pages: AsyncIterable<LookupPage>): Promise<Drained> {
  const results: LookupResult[] = [];
  let cursor = "";
  let count: Drained["count"];
  try {
    for await (const page of pages) {
      if ("count" in page) {
        count = page.count;
        continue;
      }
      results.push(...page.results);
      const last = page.results.at(-1);
      if (last !== undefined) cursor = page.cursorAfter(last);
    }
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    return { results, cursor, count, error };
  }
  return { results, cursor, count, error: undefined };
}

/** More pages than any random world or scenario has. */
const ENOUGH = 2_000;

/** A lookup in pages of `limit`, each a request of its own that continues after the last. */
export async function drainInPages(
  ask: (page: { readonly limit: number; readonly cursor: string }) => Promise<Drained>,
  limit: number,
): Promise<Drained & { readonly calls: number }> {
  const results: LookupResult[] = [];
  let cursor = "";
  for (let calls = 1; calls < ENOUGH; calls++) {
    const page = await ask({ limit, cursor });
    if (page.results.length > limit) throw new Error(`${page.results.length} results on a page of ${limit}`);
    results.push(...page.results);
    cursor = page.cursor;
    if (page.error !== undefined || page.results.length < limit) return { ...page, results, calls };
  }
  throw new Error("the pages have no end");
}

/** The same answer, whichever way it was asked for. */
export function differs(some: readonly LookupResult[], others: readonly LookupResult[]): boolean {
  const plain = (results: readonly LookupResult[]) => JSON.stringify(results.map(({ id, decision }) => [id, decision]));
  return plain(some) !== plain(others);
}

export function show(results: readonly LookupResult[]): string {
  return results.map(({ id, decision }) => `${id}=${decision.kind}`).join(" ");
}

/** Sorted bytewise, `*` before all, each once. */
export function isInOrder(results: readonly LookupResult[]): boolean {
  return results.every(({ id }, index) => {
    const before = results[index - 1]?.id;
    return before === undefined || Buffer.compare(Buffer.from(before), Buffer.from(id)) < 0;
  });
}
