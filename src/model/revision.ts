/** A tenant's position in its history: 0 before the first write, then +1 per write, without gaps. A safe integer. */
export type Revision = number;

/** A tenant's state of the world at one revision. */
export interface Head {
  readonly revision: Revision;
  /** Name under which the tenant's schema versions are stored. */
  readonly schemaName: string;
  /** Version of the tenant's schema at this revision; 0 when no schema has been written. */
  readonly schemaVersion: number;
  /** When the revision was committed, milliseconds since the epoch, by the database's clock. */
  readonly committedAtMs: number;
}
