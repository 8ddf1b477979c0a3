import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type Access, NO_ACCESS } from "../model/access.ts";
import type { Peer } from "../model/peer.ts";
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
  /** Who is at the other end. Costs nothing until one of its fields is read. */
  readonly peer: Peer;
  /** What the caller allows, if it says so. */
  readonly timeoutMs: number | undefined;
  /** Aborts when the caller goes away. May be made when it is first asked for. */
  readonly gone: AbortSignal;
  /** The request message. @throws RelataError INVALID_REQUEST for bytes that are none */
  receive(): Message;
  /** The request messages of a call with a request stream. */
  requests(): AsyncIterable<Message>;
  /** Resolves when the caller has room for more; undefined when it has. */
  send(message: Message): Promise<void> | undefined;
}

/** Undefined: it has ended already. What is answered from memory never waits for a turn of anything. */
export type Ending = Promise<void> | undefined;

/** Does its part and hands the call on once, or throws. */
export type Interceptor = (call: EdgeCall, next: Pipeline) => Ending;

/** Runs one call to its end. */
export type Pipeline = (call: EdgeCall) => Ending;

/** Whose work is limited. */
export interface Payer {
  charge(cost: number): void;
}

/** One call on its way through the interceptors, each of which fills in its part. */
export class EdgeCall {
  readonly method: DescMethod;
  /** `relata.v1.AuthorizationService/Check`. */
  readonly procedure: string;
  readonly transport: Transport;
  /** Of performance.now(). */
  readonly startedMs = performance.now();
  requestId = "";
  /** Milliseconds since the epoch. */
  nowMs = 0;
  /** Milliseconds since the epoch; infinite for calls that may stay open, which end when the caller goes away. */
  deadlineMs = Number.POSITIVE_INFINITY;
  principal: Principal | undefined = undefined;
  tenant: Tenant | undefined = undefined;
  /** What the caller may do in `tenant`, or on the platform. */
  access: Access = NO_ACCESS;
  /** Who pays for the call, where work is limited: the principal and the tenant. */
  payers: readonly Payer[] = NOBODY;
  /** Of a stream, asked before each message: whether its caller would still be let in. Throws or rejects where not. */
  stayAdmitted: (() => Ending) | undefined = undefined;
  /** Set once the call has failed; a transport sends it as the status. */
  failure: Failure | undefined = undefined;
  #durationMs = -1;
  #ending: AbortController | undefined = undefined;

  constructor(method: DescMethod, transport: Transport) {
    this.method = method;
    this.procedure = procedureOf(method);
    this.transport = transport;
  }

  /** Made when it is first asked for: most calls end without anything that could be aborted (0.3 µs, and 5 µs to abort it). */
  get signal(): AbortSignal {
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return this.transport.gone;
    this.#ending ??= new AbortController();
    return this.#ending.signal;
  }

  /** Work beyond that of one call, of which every call costs one: items of a batch, updates of a write. */
  charge(items: number): void {
    if (items > 0) for (const payer of this.payers) payer.charge(items);
  }

  /** Of the caller's connection; empty when unknown. */
  get address(): string {
    return this.transport.peer.address;
  }

  /** How long the call took, for those who act when it has ended: the first who asks reads the clock for all. */
  get durationMs(): number {
    if (this.#durationMs < 0) this.#durationMs = performance.now() - this.startedMs;
    return this.#durationMs;
  }

  /** Why `signal` was aborted, if it was. */
  get abortedFor(): unknown {
    return this.#ending?.signal.reason;
  }

  /** Of a call with a deadline. */
  abort(reason: unknown): void {
    this.#ending ??= new AbortController();
    this.#ending.abort(reason);
  }

  /** Ends what the verb left running, such as reads that an early error made pointless. Says nothing of the call's outcome. */
  end(): void {
    this.#ending?.abort(ENDED);
  }
}

const NOBODY: readonly Payer[] = [];

/** One for all: to make a DOMException takes 4 µs. */
const ENDED = new DOMException("the call has ended", "AbortError");

export function startEdgeCall(method: DescMethod, transport: Transport): EdgeCall {
  return new EdgeCall(method, transport);
}

const procedures = new WeakMap<DescMethod, string>();

export function procedureOf(method: DescMethod): string {
  let procedure = procedures.get(method);
  if (procedure === undefined) {
    procedure = `${method.parent.typeName}/${method.name}`;
    procedures.set(method, procedure);
  }
  return procedure;
}

/** Of HTTP/2 and HTTP/1.1: `/relata.v1.AuthorizationService/Check`. */
export function pathOf(method: DescMethod): string {
  return `/${procedureOf(method)}`;
}

/** The first interceptor is the outermost. Put together once: a call makes no function of its own on its way. */
export function compose(interceptors: readonly Interceptor[], last: Pipeline): Pipeline {
  return interceptors.reduceRight<Pipeline>((inner, outer) => (call) => outer(call, inner), last);
}
