import type { ClaimedClient } from "../../service/token-service/deps.ts";
import { invalidClient, OAuthError } from "../../service/token-service/oauth-error.ts";
import { decodeComponent, type Form } from "./form.ts";

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Who the client says it is: in the header (`client_secret_basic`) or in the form (`client_secret_post`), never in both
 * (RFC 6749 §2.3); undefined where it says nothing.
 * @throws OAuthError invalid_request, or invalid_client for a header that holds no credentials
 */
export function claimedClient(authorization: string | undefined, form: Form): ClaimedClient | undefined {
  const [clientId, secret] = [form.get("client_id"), form.get("client_secret")];
  if (authorization !== undefined) {
    const basic = readBasic(authorization);
    if (secret !== undefined) {
      throw new OAuthError("invalid_request", "the client may authenticate in the header or in the form, not in both");
    }
    if (clientId !== undefined && clientId !== basic.clientId) {
      throw new OAuthError("invalid_request", "client_id is not the one that authenticates");
    }
    return basic;
  }
  if (clientId === undefined && secret === undefined) return undefined;
  if (clientId === undefined) throw new OAuthError("invalid_request", "client_id is missing");
  if (secret === undefined) throw invalidClient("client_id without a secret");
  return { clientId, secret };
}

function readBasic(authorization: string): ClaimedClient {
  const encoded = BASIC.exec(authorization)?.[1];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (encoded === undefined || colon < 1) throw invalidClient("the authorization header holds no Basic credentials");
  return { clientId: decodeComponent(text.slice(0, colon)), secret: decodeComponent(text.slice(colon + 1)) };
}
