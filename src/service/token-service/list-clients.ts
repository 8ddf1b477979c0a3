import type { OAuthClient } from "../../model/token-service.ts";
import type { TenantCall } from "../call.ts";
import { openPage, type PageRequest, pageLimit, sealPage, takePage } from "../credentials/page-token.ts";
import type { ClientVerbDeps } from "./deps.ts";

export interface ListClientsAnswer {
  readonly clients: readonly OAuthClient[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export type ListClients = (call: TenantCall, request: PageRequest) => Promise<ListClientsAnswer>;

/** By client id. */
export function createListClients({ store, sealer }: ClientVerbDeps): ListClients {
  return async ({ tenant }, { pageSize, pageToken }) => {
    const limit = pageLimit(pageSize);
    const [after = ""] = openPage<readonly [string]>(sealer, "client-page", [tenant.id], pageToken) ?? [];
    const found = await store.listClients(tenant.id, { afterClientId: after, limit: limit + 1 });
    const { rows: clients, nextPageToken } = takePage(found, limit, ({ clientId }) =>
      sealPage(sealer, "client-page", [tenant.id], [clientId]),
    );
    return { clients, nextPageToken };
  };
}
