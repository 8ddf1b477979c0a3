import { type Binding, CredentialService, type RevokeJwtRequest } from "../../gen/relata/v1/credential_service_pb.ts";
import type { PutBindingRequest } from "../../service/credentials/put-binding.ts";
import type { RevokeJwtRequest as Revoke } from "../../service/credentials/revoke-jwt.ts";
import type { CredentialVerbs } from "../../service/credentials/verbs.ts";
import type { EdgeCall } from "../edge-call.ts";
import { badField } from "../wire-fields.ts";
import { readTimestamp } from "../wire-values.ts";
import { apiTokenRoutes } from "./api-tokens.ts";
import { platformCall } from "./calls.ts";
import { readLimits, readScopes, writeBinding, writeRevocation } from "./credentials-wire.ts";
import { type Route, routesOf } from "./route.ts";

export function credentialRoutes(verbs: CredentialVerbs): readonly Route[] {
  // Half of the methods are a tenant's and half the platform's: each takes the call as what it is.
  return routesOf(CredentialService, (call: EdgeCall) => call, {
    ...apiTokenRoutes(verbs),
    revokeJwt: async (call, request) => ({
      revocation: writeRevocation(await verbs.revokeJwt(platformCall(call), readRevoke(request))),
    }),
    listRevocations: async (call, { pageSize, pageToken }) => {
      const answer = await verbs.listRevocations(platformCall(call), { pageSize, pageToken });
      return { revocations: answer.revocations.map(writeRevocation), nextPageToken: answer.nextPageToken };
    },
    putBinding: async (call, { binding }) => ({
      binding: writeBinding(await verbs.putBinding(platformCall(call), readBinding(binding))),
    }),
    listBindings: async (call, { issuer, pageSize, pageToken }) => {
      const answer = await verbs.listBindings(platformCall(call), { issuer, pageSize, pageToken });
      return { bindings: answer.bindings.map(writeBinding), nextPageToken: answer.nextPageToken };
    },
    deleteBinding: async (call, { issuer, subject, name }) => {
      await verbs.deleteBinding(platformCall(call), { issuer, subject, name });
      return {};
    },
  });
}

function readBinding(binding: Binding | undefined): PutBindingRequest {
  if (binding === undefined) throw badField("INVALID_REQUEST", "binding", "is missing");
  const { issuer, subject, name, tenants, platform } = binding;
  const scopes = readScopes(binding.scopes, "binding.scopes");
  return { issuer, subject, name, tenants, platform, scopes, objects: readLimits(binding.objects, "binding.objects") };
}

function readRevoke({ issuer, what, issuedBefore, reason }: RevokeJwtRequest): Revoke {
  if (what.case === "tokenId") {
    if (issuedBefore !== undefined)
      throw badField("INVALID_REQUEST", "issued_before", "goes with subject, not with token_id");
    return { issuer, what: { kind: "token", tokenId: what.value }, reason };
  }
  if (what.case === undefined) throw badField("INVALID_REQUEST", "what", "is missing: give a token_id or a subject");
  const before = issuedBefore && { issuedBeforeMs: readTimestamp(issuedBefore, "issued_before", "INVALID_REQUEST") };
  return { issuer, what: { kind: "subject", subject: what.value, ...before }, reason };
}
