import type { StoredApiToken } from "../../model/api-token.ts";
import type { TenantCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { openPage, type PageRequest, pageLimit, sealPage, takePage } from "./page-token.ts";

export interface ListApiTokensRequest extends PageRequest {
  /** Expired and revoked ones too. */
  readonly includeInactive: boolean;
}

export interface ListApiTokensAnswer {
  readonly tokens: readonly StoredApiToken[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export type ListApiTokens = (call: TenantCall, request: ListApiTokensRequest) => Promise<ListApiTokensAnswer>;

/** Newest first. */
export function createListApiTokens({ store, sealer }: CredentialDeps): ListApiTokens {
  return async ({ tenant, nowMs }, { includeInactive, pageSize, pageToken }) => {
    const limit = pageLimit(pageSize);
    const of = [tenant.id, Number(includeInactive)];
    const place = openPage<readonly [number, string]>(sealer, "api-token-page", of, pageToken);
    const after = place === undefined ? undefined : { createdAtMs: place[0], keyId: place[1] };
    const found = await store.apiTokens.list(tenant.id, { nowMs, includeInactive, after, limit: limit + 1 });
    const { rows: tokens, nextPageToken } = takePage(found, limit, ({ createdAtMs, keyId }) =>
      sealPage(sealer, "api-token-page", of, [createdAtMs, keyId]),
    );
    return { tokens, nextPageToken };
  };
}
