import type { TenantPlace } from "../../model/tenant.ts";
import { tenantScope } from "./heads.ts";
import type { Reader } from "./read-lanes.ts";
import type { Bound } from "./statement.ts";

export interface Readers {
  /** Shared by everybody: what is sent there cannot be cancelled, and others wait behind it. */
  readonly short: Reader;
  /** On a connection of its own: cancelled in the server when the caller leaves. */
  readonly long: Reader;
}

/*
 * What a shared lane takes: 500 look-ups or 1,000 rows keep it for some 4 to 8 ms (measured on two busy cores), so nobody
 * waits long behind a lookup of somebody else, and what a leaving caller leaves behind is over soon.
 */
const LANE_LOOKUPS = 500;
const LANE_ROWS = 1_000;

/** Sends statements that return at most `maxRows` rows in all; one row more than asked for says that there are more. */
export type BoundedReader = <Row>(
  lookups: number,
  maxRows: number,
  bind: (limit: number) => readonly Bound<Row>[],
) => Promise<readonly Row[]>;

/**
 * Reads of one request. How much there is to read is not known before: a read goes to a lane, with a limit, and when that
 * was not enough it is done again on a connection of its own. The request's next read then goes there at once, until
 * one turns out to be short.
 */
export function createBoundedReader(
  { short, long }: Readers,
  place: TenantPlace,
  signal: AbortSignal | undefined,
): BoundedReader {
  const send = async <Row>(reader: Reader, statements: readonly Bound<Row>[]): Promise<readonly Row[]> =>
    statements.length === 0 ? [] : (await reader.read(tenantScope(place), statements, signal)).flat();
  let wasLong = false;
  return async (lookups, maxRows, bind) => {
    const laneRows = Math.min(maxRows, LANE_ROWS);
    if (lookups <= LANE_LOOKUPS && (maxRows <= LANE_ROWS || !wasLong)) {
      const rows = await send(short, bind(laneRows + 1));
      if (rows.length <= laneRows || laneRows === maxRows) return rows;
    }
    const rows = await send(long, bind(maxRows + 1));
    wasLong = rows.length > LANE_ROWS;
    return rows;
  };
}
