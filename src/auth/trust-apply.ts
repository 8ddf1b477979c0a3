import {
  type BindingKey,
  bindingKeyText,
  type StoredBinding,
  type StoredRevocation,
  type TrustChange,
  type TrustLog,
  type TrustPosition,
} from "../model/trust-store.ts";
import type { TrustState } from "./trust-state.ts";

/** Rows of one read. */
const PAGE = 1_000;

/**
 * Reads everything. The place in the log is read first: what changes while the pages are read comes again behind it.
 * @param signal made anew for each read
 */
export async function loadWhole(
  source: TrustLog,
  state: TrustState,
  nowMs: number,
  signal: () => AbortSignal,
): Promise<TrustPosition> {
  const position = await source.end(signal());
  const bindings = await all<StoredBinding>((last) => source.bindings(last?.key, PAGE, signal()));
  const revocations = await all<StoredRevocation>((last) =>
    source.revocations({ nowMs, after: last, limit: PAGE }, signal()),
  );
  state.replace(bindings, revocations);
  return position;
}

/** Reads what these changes name, as it is now. Nothing is taken in unless all of it could be read. */
export async function applyChanges(
  source: TrustLog,
  state: TrustState,
  changes: readonly TrustChange[],
  signal: () => AbortSignal,
): Promise<void> {
  const keysOf = (wanted: string) => new Set(changes.filter(({ kind }) => kind === wanted).map(({ key }) => key));
  const tenants = keysOf("tenant");
  const keys = [...keysOf("binding").union(new Set(state.bindingsOfTenants(tenants).map(bindingKeyText)))];
  const ids = [...keysOf("revocation")];
  const bindings = keys.length === 0 ? [] : await source.bindingsByKey(keys.map(bindingKeyOf), signal());
  const revocations = ids.length === 0 ? [] : await source.revocationsById(ids, signal());
  state.putBindings(keys, bindings);
  state.putRevocations(revocations);
}

async function all<Row>(page: (last: Row | undefined) => Promise<readonly Row[]>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const found = await page(rows.at(-1));
    rows.push(...found);
    if (found.length < PAGE) return rows;
  }
}

/** @see bindingKeyText */
function bindingKeyOf(text: string): BindingKey {
  const [issuer, subject, name] = JSON.parse(text) as readonly [string, string, string];
  return { issuer, subject, name };
}
