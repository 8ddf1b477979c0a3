import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type ConnectRouter, createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { Peer } from "../model/peer.ts";
import { connectErrorOf } from "./connect-error.ts";
import { type EdgeCall, startEdgeCall, type Transport } from "./edge-call.ts";
import type { Failure } from "./error-map.ts";
import { createRendezvous } from "./rendezvous.ts";
import type { Endpoint } from "./routes.ts";

/** What is known of an HTTP request besides its RPC. */
export interface Visit {
  readonly peer: Peer;
  /** The call reached its pipeline, which writes its line in the log. */
  entered: boolean;
  /** It was refused before that. */
  refused: Failure | undefined;
}

export const VISIT = createContextKey<Visit>({ peer: { address: "" }, entered: false, refused: undefined });

/** Puts every endpoint behind Connect, gRPC-Web and (over HTTP/2) gRPC. */
export function addConnectRoutes(router: ConnectRouter, endpoints: readonly Endpoint[]): void {
  // Connect derives an implementation's type from its method's; for methods out of a table that derivation ends in `never`.
  const table = router as unknown as TableRouter;
  for (const endpoint of endpoints) table.rpc(endpoint.route.method, implementationOf(endpoint));
}

interface TableRouter {
  rpc(method: DescMethod, implementation: Implementation): unknown;
}

type Implementation =
  | ((request: Message, context: HandlerContext) => Promise<Message>)
  | ((request: Message, context: HandlerContext) => AsyncIterable<Message>)
  | ((requests: AsyncIterable<Message>, context: HandlerContext) => AsyncIterable<Message>);

function implementationOf(endpoint: Endpoint): Implementation {
  const { method } = endpoint.route;
  switch (method.methodKind) {
    case "unary":
      return (request: Message, context: HandlerContext) => unary(endpoint, request, context);
    case "server_streaming":
      return (request: Message, context: HandlerContext) => stream(endpoint, context, { request });
    case "bidi_streaming":
      return (requests: AsyncIterable<Message>, context: HandlerContext) => stream(endpoint, context, { requests });
    case "client_streaming":
      throw new Error(`${method.parent.typeName}/${method.name}: no client-streaming method is served yet`);
  }
}

async function unary({ route, pipeline }: Endpoint, request: Message, context: HandlerContext): Promise<Message> {
  let answer: Message | undefined;
  const edge = startEdgeCall(route.method, {
    ...transportOf(context, { request }),
    send: (message) => {
      answer = message;
      return undefined;
    },
  });
  await pipeline(edge);
  return finish(edge, answer);
}

function finish(edge: EdgeCall, answer: Message | undefined): Message {
  if (edge.failure !== undefined) throw connectErrorOf(edge.failure);
  if (answer === undefined) throw new Error(`${edge.procedure} ended without an answer`);
  return answer;
}

interface Incoming {
  readonly request?: Message;
  readonly requests?: AsyncIterable<Message>;
}

async function* stream(
  { route, pipeline }: Endpoint,
  context: HandlerContext,
  incoming: Incoming,
): AsyncGenerator<Message> {
  const out = createRendezvous<Message>();
  const left = new AbortController();
  const base = transportOf(context, incoming);
  const edge = startEdgeCall(route.method, {
    ...base,
    gone: AbortSignal.any([base.gone, left.signal]),
    send: out.send,
  });
  const ended = Promise.resolve(pipeline(edge)).finally(out.close);
  try {
    yield* out.values;
    await ended;
    if (edge.failure !== undefined) throw connectErrorOf(edge.failure);
  } finally {
    left.abort();
  }
}

function transportOf(context: HandlerContext, incoming: Incoming): Omit<Transport, "send"> {
  const visit = context.values.get(VISIT);
  visit.entered = true;
  return {
    protocol: context.protocolName,
    header: (name) => context.requestHeader.get(name) ?? undefined,
    setHeader: (name, value) => context.responseHeader.set(name, value),
    peer: visit.peer,
    timeoutMs: context.timeoutMs(),
    gone: context.signal,
    receive: () => {
      if (incoming.request === undefined) throw new Error("this call has a stream of requests");
      return incoming.request;
    },
    requests: () => incoming.requests ?? (async function* () {})(),
  };
}
