import type { ChangeOrigin } from "../model/store.ts";
import type { PlatformCall } from "./call.ts";

/** Who changes something, by which credential, from where and in which request: what history and the audit keep of a call. */
export function originOf({ principal, requestId, address }: PlatformCall): ChangeOrigin {
  return {
    actor: principal.actor,
    requestId,
    credential: principal.credential,
    ...(address !== "" && { address }),
  };
}
