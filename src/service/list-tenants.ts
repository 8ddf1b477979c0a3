import { RelataError } from "../errors.ts";
import type { Tenant } from "../model/tenant.ts";
import type { PlatformCall } from "./call.ts";
import type { VerbDeps } from "./deps.ts";
import { requireAtMost } from "./limits.ts";

export interface ListTenantsRequest {
  /** 0 for 100; at most 1000. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

export interface ListTenantsAnswer {
  readonly tenants: readonly Tenant[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export type ListTenants = (call: PlatformCall, request: ListTenantsRequest) => Promise<ListTenantsAnswer>;

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** In slug order. Tenants created meanwhile appear if their slug is still ahead. */
export function createListTenants({ store, sealer }: Pick<VerbDeps, "store" | "sealer">): ListTenants {
  return async (_call, request) => {
    requireAtMost("page_size", request.pageSize, MAX_PAGE);
    const limit = request.pageSize === 0 ? DEFAULT_PAGE : request.pageSize;
    const afterSlug = openPageToken(sealer, request.pageToken);
    // One more than asked for tells whether there is a next page.
    const found = await store.tenants.list({ limit: limit + 1, ...(afterSlug === undefined ? {} : { afterSlug }) });
    const tenants = found.slice(0, limit);
    const last = tenants.at(-1);
    const more = found.length > limit && last !== undefined;
    return { tenants, nextPageToken: more ? sealer.seal("tenant-page", Buffer.from(last.slug)) : "" };
  };
}

function openPageToken(sealer: VerbDeps["sealer"], token: string): string | undefined {
  if (token === "") return undefined;
  const payload = sealer.open("tenant-page", token);
  if (payload === undefined)
    throw new RelataError(
      "INVALID_CURSOR",
      "page_token was not issued here; pass on next_page_token exactly as it came",
      {
        metadata: { field: "page_token" },
      },
    );
  return Buffer.from(payload).toString("utf8");
}
