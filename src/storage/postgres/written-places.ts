import type { TenantPlace } from "../../model/tenant.ts";

/**
 * Where a tenant that has just been locked is to be written: at its place, and while it is being moved at the one it came
 * from, too, so that readers that have not heard of the move see every write in both.
 */
export type WrittenPlaces = readonly [TenantPlace, ...TenantPlace[]];

/** A locked head's place. */
export interface LockedPlace {
  readonly bucket: number;
  readonly mirror_bucket: number | null;
}

/** The caller has an address that is not written any more: what it read there proves nothing. */
class TenantIsElsewhere extends Error {
  readonly place: TenantPlace;

  constructor(place: TenantPlace) {
    super(`the tenant is in bucket ${place.bucket}`);
    this.place = place;
  }
}

/** Moves take minutes, and two in a row come with more. */
const MOST_MOVES = 3;

/**
 * Does `work` at the tenant's place, and once more where it finds it (`placesOf`): nothing was written before that. `work` gets
 * the place it is given, and a transaction of its own each time.
 */
export async function whereItIs<T>(place: TenantPlace, work: (place: TenantPlace) => Promise<T>): Promise<T> {
  let at = place;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(at);
    } catch (error) {
      if (!(error instanceof TenantIsElsewhere) || attempt === MOST_MOVES) throw error;
      at = error.place;
    }
  }
}

/** @param asked where the other statements of the flight looked: both places of a tenant that moves are equally true. */
export function placesOf({ bucket, mirror_bucket: mirror }: LockedPlace, asked: TenantPlace): WrittenPlaces {
  const { id } = asked;
  if (asked.bucket !== bucket && asked.bucket !== mirror) throw new TenantIsElsewhere({ id, bucket });
  return mirror === null
    ? [{ id, bucket }]
    : [
        { id, bucket },
        { id, bucket: mirror },
      ];
}
