import { randomUUID } from "node:crypto";
import type { Interceptor } from "../edge-call.ts";

export const REQUEST_ID_HEADER = "x-request-id";

/** Ends up in log lines and in the tenant's history: printable, and short. */
const SANE = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

/** The caller's id, so that one id follows a request through many services; ours where it has none or an odd one. */
export function saneRequestId(given: string | undefined): string {
  return given !== undefined && SANE.test(given) ? given : randomUUID();
}

export const requestId: Interceptor = (call, next) => {
  call.requestId = saneRequestId(call.transport.header(REQUEST_ID_HEADER));
  call.transport.setHeader(REQUEST_ID_HEADER, call.requestId);
  return next(call);
};
