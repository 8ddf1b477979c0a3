import type { Authenticator } from "../../auth/authenticate.ts";
import type { Interceptor } from "../edge-call.ts";

export function createAuthenticate(authenticator: Pick<Authenticator, "authenticate" | "recall">): Interceptor {
  return (call, next) => {
    const authorization = call.transport.header("authorization");
    call.principal = authenticator.recall(authorization);
    if (call.principal !== undefined) return next(call);
    return authenticator.authenticate(authorization).then((principal) => {
      call.principal = principal;
      return next(call);
    });
  };
}
