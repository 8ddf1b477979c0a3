import { RelataError } from "../../errors.ts";
import type { Sealer, SealPurpose } from "../seal.ts";

/** What a list goes on with. */
type Place = readonly (string | number)[];

export interface PageRequest {
  /** 0 for 100; at most 1000. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** @throws INVALID_REQUEST */
export function pageLimit(pageSize: number): number {
  if (pageSize <= MAX_PAGE) return pageSize === 0 ? DEFAULT_PAGE : pageSize;
  throw new RelataError("INVALID_REQUEST", `page_size must be at most ${MAX_PAGE}`, {
    metadata: { field: "page_size" },
  });
}

/** @param of what is listed, such as the tenant's id: a token for something else is none */
export function sealPage(sealer: Sealer, purpose: SealPurpose, of: Place, place: Place): string {
  return sealer.seal(purpose, Buffer.from(JSON.stringify([of, place])));
}

/** @throws INVALID_CURSOR, the same for forged ones and those of another list */
export function openPage<P extends Place>(
  sealer: Sealer,
  purpose: SealPurpose,
  of: Place,
  token: string,
): P | undefined {
  if (token === "") return undefined;
  const payload = sealer.open(purpose, token);
  const [known, place] = payload === undefined ? [] : (JSON.parse(Buffer.from(payload).toString("utf8")) as Place[]);
  if (place !== undefined && JSON.stringify(known) === JSON.stringify(of)) return place as P;
  throw new RelataError(
    "INVALID_CURSOR",
    "page_token was not issued here for this list; pass on next_page_token exactly as it came, with the same request",
    { metadata: { field: "page_token" } },
  );
}

/** One row more than asked for tells whether there is a next page. */
export function takePage<Row>(
  found: readonly Row[],
  limit: number,
  tokenAfter: (last: Row) => string,
): { readonly rows: readonly Row[]; readonly nextPageToken: string } {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, nextPageToken: found.length > limit && last !== undefined ? tokenAfter(last) : "" };
}
