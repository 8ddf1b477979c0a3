import type { Peer } from "../model/peer.ts";
import type { Principal } from "../model/principal.ts";

/** Proves callers by API tokens, the bearer values that `isApiToken` knows. */
export interface ApiTokenAuthenticator {
  /** At once, for what was proved before and still holds for this peer; undefined is no refusal. */
  recall(token: string, peer: Peer): Principal | undefined;
  /** @throws UNAUTHENTICATED as for any other credential, with the reason in `detail` */
  authenticate(token: string, peer: Peer): Promise<Principal>;
}

const PREFIX = "rlt_";

/** Whether the token that begins at `at` is one. No JWT begins so: its first part is a JSON object in base64url, which begins with `e`. */
export function isApiToken(text: string, at = 0): boolean {
  return text.startsWith(PREFIX, at);
}
