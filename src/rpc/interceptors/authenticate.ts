import type { Authenticator } from "../../auth/authenticate.ts";
import type { Interceptor } from "../edge-call.ts";

export function createAuthenticate(authenticator: Pick<Authenticator, "authenticate" | "recall">): Interceptor {
  return (call, next) => {
    const { peer } = call.transport;
    const authorization = call.transport.header("authorization");
    call.principal = authenticator.recall(authorization, peer);
    if (call.principal !== undefined) return next(call);
    return authenticator.authenticate(authorization, peer).then((principal) => {
      call.principal = principal;
      return next(call);
    });
  };
}
