import { toJson } from "@bufbuild/protobuf";
import {
  type OAuthClient,
  OAuthClientSchema,
  type SigningKey,
  SigningKeySchema,
  SigningKeyState,
} from "../../gen/relata/v1/client_service_pb.ts";
import { printable } from "../printable.ts";
import { formatLimit } from "./grant-flags.ts";
import { instant } from "./token-text.ts";

/** Short names on the command line for what OAuth calls grants. */
export const GRANTS = {
  client_credentials: "client_credentials",
  exchange: "urn:ietf:params:oauth:grant-type:token-exchange",
  refresh: "refresh_token",
} as const;

export const CLIENT_HEADINGS = ["CLIENT ID", "GRANTS", "SCOPES", "OBJECTS", "SECRETS", "CREATED", "NAME"];
export const KEY_HEADINGS = ["KID", "STATE", "SIGNS FROM", "PUBLISHED UNTIL", "SEALED BY"];

/** As the API's JSON, which never has a secret. */
export function clientToJson(client: OAuthClient | undefined): unknown {
  return client === undefined ? undefined : toJson(OAuthClientSchema, client);
}

/** A row under CLIENT_HEADINGS. */
export function clientRow(client: OAuthClient): readonly string[] {
  const { clientId, grantTypes, scopes, objects, secrets, createdAt, name } = client;
  return [
    clientId,
    grantTypes.map(shortGrant).join(","),
    scopes.join(","),
    objects.map(formatLimit).join(" ") || "all",
    secrets
      .map(({ keyId, expiresAt }) => (expiresAt === undefined ? keyId : `${keyId} until ${instant(expiresAt)}`))
      .join(", "),
    instant(createdAt),
    printable(name),
  ];
}

export function keyToJson(key: SigningKey | undefined): unknown {
  return key === undefined ? undefined : toJson(SigningKeySchema, key);
}

/** A row under KEY_HEADINGS. */
export function keyRow({ kid, state, activatesAt, endsAt, sealedBy }: SigningKey): readonly string[] {
  return [kid, STATES[state] ?? "unknown", instant(activatesAt), instant(endsAt), printable(sealedBy)];
}

const STATES: Readonly<Record<SigningKeyState, string>> = {
  [SigningKeyState.UNSPECIFIED]: "unknown",
  [SigningKeyState.NEXT]: "next",
  [SigningKeyState.ACTIVE]: "active",
  [SigningKeyState.RETIRED]: "retired",
  [SigningKeyState.GONE]: "gone",
  [SigningKeyState.SEALED]: "sealed",
};

function shortGrant(grant: string): string {
  return Object.entries(GRANTS).find(([, long]) => long === grant)?.[0] ?? printable(grant);
}
