import { SCOPES } from "../../src/model/principal.ts";
import type { PlatformCall } from "../../src/service/call.ts";

/** A call of a caller who may do everything, without a deadline; with a `tenant` it is one of that tenant. */
export function createCall(nowMs: number): PlatformCall {
  return {
    principal: {
      issuer: "test",
      subject: "service",
      actor: "test|service",
      scopes: new Set(SCOPES),
      grant: { kind: "platform" },
      expiresAtMs: Number.POSITIVE_INFINITY,
    },
    requestId: "test",
    address: "192.0.2.1",
    signal: new AbortController().signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    nowMs,
  };
}
