import { LRUCache } from "lru-cache";
import type { Head, Revision } from "../model/revision.ts";
import type { RevisionStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";

/** The state of a tenant at a revision it has had; undefined when it never had it, or it has been collected. */
export type PastRevisions = (tenant: TenantPlace, revision: Revision) => Promise<Head | undefined>;

const MAX_KNOWN_REVISIONS = 10_000;

/** The state at a revision never changes, so what was found is kept; what was not found is not. */
export function createPastRevisions(revisions: Pick<RevisionStore, "at">): PastRevisions {
  const facts = new LRUCache<string, Head>({ max: MAX_KNOWN_REVISIONS });
  return async (tenant, revision) => {
    const key = `${tenant.id}@${revision}`;
    const known = facts.get(key);
    if (known !== undefined) return known;
    const found = await revisions.at(tenant, revision);
    if (found !== undefined) facts.set(key, found);
    return found;
  };
}
