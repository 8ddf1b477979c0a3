import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Principal } from "../model/principal.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Failure } from "./error-map.ts";

/** What a transport gives for each call, whatever its protocol. */
export interface Transport {
  /** `grpc`, `grpc-web` or `connect`. */
  readonly protocol: string;
  /** A request header by its lower-case name; the first one where there are several. */
  header(name: string): string | undefined;
  /** Only before the first `send`. */
  setHeader(name: string, value: string): void;
  /** What the caller allows, if it says so. */
  readonly timeoutMs: number | undefined;
  /** Aborts when the caller goes away. */
  readonly gone: AbortSignal;
  /** The request message. @throws RelataError INVALID_REQUEST for bytes that are none */
  receive(): Message;
  /** The request messages of a call with a request stream. */
  requests(): AsyncIterable<Message>;
  /** Resolves when the caller has room for more. */
  send(message: Message): void | Promise<void>;
}

/** One call on its way through the interceptors, each of which fills in its part. */
export interface EdgeCall {
  readonly method: DescMethod;
  /** `relata.v1.AuthorizationService/Check`. */
  readonly procedure: string;
  readonly transport: Transport;
  requestId: string;
  signal: AbortSignal;
  deadlineMs: number;
  nowMs: number;
  principal: Principal | undefined;
  tenant: Tenant | undefined;
  /** Set once the call has failed; a transport sends it as the status. */
  failure: Failure | undefined;
}

/** Does its part and calls `next` once, or throws. */
export type Interceptor = (call: EdgeCall, next: () => Promise<void>) => Promise<void>;

/** Runs one call to its end. Never rejects: what goes wrong is `call.failure`. */
export type Pipeline = (call: EdgeCall) => Promise<void>;

export function startEdgeCall(method: DescMethod, transport: Transport): EdgeCall {
  return {
    method,
    procedure: procedureOf(method),
    transport,
    requestId: "",
    signal: transport.gone,
    deadlineMs: Number.POSITIVE_INFINITY,
    nowMs: 0,
    principal: undefined,
    tenant: undefined,
    failure: undefined,
  };
}

export function procedureOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** The first interceptor is the outermost. */
export function compose(interceptors: readonly Interceptor[], last: Pipeline): Pipeline {
  return interceptors.reduceRight<Pipeline>((inner, outer) => (call) => outer(call, () => inner(call)), last);
}
