import { methodAccess } from "../../auth/scope.ts";
import { denied } from "../denied.ts";
import type { Interceptor } from "../edge-call.ts";

/** Deny by default: a method needs an entry in METHOD_SCOPES, and the caller that entry's scope and kind of grant. */
export const requireScope: Interceptor = (call, next) => {
  const access = methodAccess(call.procedure);
  if (access === undefined || access.kind === "public") throw denied("no scope is set for this method");
  const { principal } = call;
  if (principal === undefined) throw new Error("the scope check runs after authentication");
  if (!principal.scopes.has(access.scope)) throw denied(`scope ${access.scope} is missing`);
  const kind = principal.grant.kind === "platform" ? "platform" : "tenant";
  if (kind !== access.kind) throw denied(`a ${kind} principal called a ${access.kind} method`);
  return next();
};
