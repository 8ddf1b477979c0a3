import { accessIn, admit, requireKept } from "../../auth/admission.ts";
import type { Authenticator } from "../../auth/authenticate.ts";
import type { Principal } from "../../model/principal.ts";
import type { EdgeCall, Ending, Interceptor } from "../edge-call.ts";
import { type FindTenant, requireActive, TENANT_HEADER } from "./admit.ts";

/** Beyond the bound of trust. To ask takes a digest of the token (1 µs), which is a good part of sending a small message; to look at the clock, a tenth of that. */
const ASK_EVERY_MS = 100;

/**
 * A stream goes on for as long as `maxDeadlineMs`, and all that while hands out a tenant's data: before it sends it asks now and
 * then whether its caller would still be let in, and ends as a new call would where not. Calls with one answer end by themselves.
 */
export function createStayAdmitted(
  authenticator: Pick<Authenticator, "authenticate" | "recall">,
  findTenant: FindTenant,
): Interceptor {
  return (call, next) => {
    if (call.method.methodKind !== "unary") {
      const stay = new Stay(call, authenticator, findTenant);
      call.stayAdmitted = () => stay.ask();
    }
    return next(call);
  };
}

class Stay {
  readonly #call: EdgeCall;
  readonly #authenticator: Pick<Authenticator, "authenticate" | "recall">;
  readonly #findTenant: FindTenant;
  #askedMs = performance.now();

  constructor(call: EdgeCall, authenticator: Pick<Authenticator, "authenticate" | "recall">, findTenant: FindTenant) {
    this.#call = call;
    this.#authenticator = authenticator;
    this.#findTenant = findTenant;
  }

  /** @throws as authentication and admission of a new call would, or rejects */
  ask(): Ending {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < ASK_EVERY_MS) return undefined;
    this.#askedMs = nowMs;
    const { transport } = this.#call;
    const authorization = transport.header("authorization");
    const known = this.#authenticator.recall(authorization, transport.peer);
    if (known !== undefined) return this.#admit(known);
    return this.#authenticator.authenticate(authorization, transport.peer).then((found) => this.#admit(found));
  }

  #admit(principal: Principal): Ending {
    const { procedure, transport, access } = this.#call;
    const slug = admit(principal, procedure, transport.header(TENANT_HEADER));
    // The verb has looked at what the caller reached when it began.
    requireKept(principal, procedure, access, accessIn(principal, slug));
    if (slug === undefined) return undefined;
    const found = this.#findTenant(slug);
    if (found instanceof Promise) return found.then((tenant) => void requireActive(tenant, slug, principal));
    requireActive(found, slug, principal);
    return undefined;
  }
}
