import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type ApiToken, ApiTokenSchema, ApiTokenState } from "../../gen/relata/v1/credential_service_pb.ts";
import { printable } from "../printable.ts";
import { formatLimit } from "./grant-flags.ts";

export const TOKEN_HEADINGS = ["KEY ID", "STATE", "SCOPES", "OBJECTS", "ADDRESSES", "EXPIRES", "LAST USED", "NAME"];

const STATES: Readonly<Record<ApiTokenState, string>> = {
  [ApiTokenState.UNSPECIFIED]: "unknown",
  [ApiTokenState.ACTIVE]: "active",
  [ApiTokenState.EXPIRED]: "expired",
  [ApiTokenState.REVOKED]: "revoked",
};

/** As the API's JSON, which never has a secret. */
export function tokenToJson(token: ApiToken | undefined): unknown {
  return token === undefined ? undefined : toJson(ApiTokenSchema, token);
}

/** A row under TOKEN_HEADINGS. */
export function tokenRow(token: ApiToken): readonly string[] {
  return [
    token.keyId,
    STATES[token.state] ?? "unknown",
    token.scopes.join(","),
    token.objects.map(formatLimit).join(" ") || "all",
    token.allowedCidrs.join(",") || "any",
    instant(token.expiresAt),
    instant(token.lastUsedAt) || "never",
    printable(token.name),
  ];
}

/** To the second; nothing where there is none. */
export function instant(at: Timestamp | undefined): string {
  return at === undefined
    ? ""
    : timestampDate(at)
        .toISOString()
        .replace(/\.\d+Z$/, "Z");
}
