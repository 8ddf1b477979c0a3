import { MAX_ACCESS_TOKEN_MS } from "../../auth/own-keys.ts";
import { clientGroup } from "../../auth/own-token.ts";
import type { TenantCall } from "../call.ts";
import { originOf } from "../origin.ts";
import type { ClientVerbDeps } from "./deps.ts";
import { CLOCKS_APART_MS } from "./grant-refresh.ts";

export type DeleteClient = (call: TenantCall, clientId: string) => Promise<void>;

/** Its secrets and refresh tokens end with it, and within the published bound its access tokens. @throws CLIENT_NOT_FOUND */
export function createDeleteClient({ store, settings }: ClientVerbDeps): DeleteClient {
  return (call, clientId) =>
    store.deleteClient(
      call.tenant.id,
      clientId,
      {
        issuer: settings.issuer,
        tokenId: clientGroup(clientId),
        obsoleteAtMs: call.nowMs + MAX_ACCESS_TOKEN_MS + CLOCKS_APART_MS,
      },
      { event: "client.deleted", origin: originOf(call), details: { client_id: clientId } },
    );
}
