import type { BindingKey, StoredBinding } from "../../model/trust-store.ts";
import type { PlatformCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { openPage, type PageRequest, pageLimit, sealPage, takePage } from "./page-token.ts";

export interface ListBindingsRequest extends PageRequest {
  /** Empty: of all issuers. */
  readonly issuer: string;
}

export interface ListBindingsAnswer {
  readonly bindings: readonly StoredBinding[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export type ListBindings = (call: PlatformCall, request: ListBindingsRequest) => Promise<ListBindingsAnswer>;

/** By issuer, subject and name. Those of the configuration are not among them. */
export function createListBindings({ store, sealer }: CredentialDeps): ListBindings {
  return async (_call, { issuer, pageSize, pageToken }) => {
    const limit = pageLimit(pageSize);
    const place = openPage<readonly [string, string, string]>(sealer, "binding-page", [issuer], pageToken);
    const found = await store.bindings.list({
      limit: limit + 1,
      ...(issuer !== "" && { issuer }),
      ...(place !== undefined && { after: { issuer: place[0], subject: place[1], name: place[2] } }),
    });
    const after = ({ key }: { readonly key: BindingKey }) =>
      sealPage(sealer, "binding-page", [issuer], [key.issuer, key.subject, key.name]);
    const { rows: bindings, nextPageToken } = takePage(found, limit, after);
    return { bindings, nextPageToken };
  };
}
