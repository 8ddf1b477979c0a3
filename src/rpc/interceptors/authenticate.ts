import type { Authenticator } from "../../auth/authenticate.ts";
import type { Interceptor } from "../edge-call.ts";

export function createAuthenticate(authenticator: Pick<Authenticator, "authenticate">): Interceptor {
  return async (call, next) => {
    call.principal = await authenticator.authenticate(call.transport.header("authorization"));
    await next();
  };
}
