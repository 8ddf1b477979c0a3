import { accessOf } from "../../src/model/access.ts";
import { SCOPES } from "../../src/model/scope.ts";
import type { PlatformCall } from "../../src/service/call.ts";

/** A call of a caller who may do everything, without a deadline; with a `tenant` it is one of that tenant. */
export function createCall(nowMs: number): PlatformCall {
  return {
    principal: {
      issuer: "test",
      subject: "service",
      actor: "test|service",
      credential: "jwt",
      access: accessOf(SCOPES),
      grant: { kind: "platform" },
      issuedAtMs: nowMs,
      expiresAtMs: Number.POSITIVE_INFINITY,
    },
    access: accessOf(SCOPES),
    requestId: "test",
    address: "192.0.2.1",
    signal: new AbortController().signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    nowMs,
  };
}
