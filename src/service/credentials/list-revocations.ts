import type { StoredRevocation } from "../../model/trust-store.ts";
import type { PlatformCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { openPage, type PageRequest, pageLimit, sealPage, takePage } from "./page-token.ts";

export interface ListRevocationsAnswer {
  readonly revocations: readonly StoredRevocation[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export type ListRevocations = (call: PlatformCall, request: PageRequest) => Promise<ListRevocationsAnswer>;

/** Those that still matter, the one first that will matter least long. */
export function createListRevocations({ store, sealer }: CredentialDeps): ListRevocations {
  return async ({ nowMs }, { pageSize, pageToken }) => {
    const limit = pageLimit(pageSize);
    const place = openPage<readonly [number, string]>(sealer, "revocation-page", [], pageToken);
    const after = place === undefined ? undefined : { obsoleteAtMs: place[0], id: place[1] };
    const found = await store.revocations.list({ nowMs, limit: limit + 1, after });
    const { rows: revocations, nextPageToken } = takePage(found, limit, ({ obsoleteAtMs, id }) =>
      sealPage(sealer, "revocation-page", [], [obsoleteAtMs, id]),
    );
    return { revocations, nextPageToken };
  };
}
