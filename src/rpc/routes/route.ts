import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { EdgeCall, Ending, Pipeline } from "../edge-call.ts";

/** One method and what it does; both ports serve the same table. */
export interface Route {
  readonly method: DescMethod;
  /** Needs no credential and has no deadline: health and reflection. */
  readonly open: boolean;
  /** Receives, acts, sends. Throws what goes wrong, or rejects with it. */
  readonly run: Pipeline;
}

/** An implementation of every method of a service: a new method does not compile until it has one. */
export type ServiceRoutes<Service extends DescService, Call> = {
  readonly [Name in keyof Service["method"]]: MethodRoute<Service["method"][Name], Call>;
};

type MethodRoute<Method extends DescMethod, Call> =
  Method extends DescMethodUnary<infer Input, infer Output>
    ? UnaryRoute<Input, Output, Call>
    : Method extends DescMethodServerStreaming<infer Input, infer Output>
      ? StreamRoute<Input, Output, Call>
      : never;

type UnaryRoute<Input extends DescMessage, Output extends DescMessage, Call> = (
  call: Call,
  request: MessageShape<Input>,
) => MessageInitShape<Output> | Promise<MessageInitShape<Output>>;

type StreamRoute<Input extends DescMessage, Output extends DescMessage, Call> = (
  call: Call,
  request: MessageShape<Input>,
) => AsyncIterable<MessageInitShape<Output>>;

/** @param callOf what the implementation sees of a call that passed the interceptors */
export function routesOf<Service extends DescService, Call>(
  service: Service,
  callOf: (call: EdgeCall) => Call,
  implementation: ServiceRoutes<Service, Call>,
  options: { readonly open: boolean } = { open: false },
): readonly Route[] {
  // The mapped type above has paired each method with a function of its messages; TypeScript cannot follow that through
  // an iteration, so the pairs are untyped from here to the call.
  const functions = implementation as unknown as Readonly<Record<string, UntypedRoute>>;
  return service.methods.map((method) => {
    const act = functions[method.localName];
    if (act === undefined) throw new Error(`${service.typeName}/${method.name} has no implementation`);
    return {
      method,
      open: options.open,
      run: (edge) => run(edge, method, act(callOf(edge), edge.transport.receive())),
    };
  });
}

/** A message given by its fields. */
type Init = Record<string, unknown>;

type UntypedRoute = (call: unknown, request: Message) => Init | Promise<Init> | AsyncIterable<Init>;

function run(edge: EdgeCall, method: DescMethod, answer: Init | Promise<Init> | AsyncIterable<Init>): Ending {
  if (answer instanceof Promise) return answer.then((init) => edge.transport.send(create(method.output, init)));
  if (isIterable(answer)) return stream(edge, method, answer);
  return edge.transport.send(create(method.output, answer));
}

function isIterable(answer: Init | AsyncIterable<Init>): answer is AsyncIterable<Init> {
  return Symbol.asyncIterator in answer;
}

async function stream(edge: EdgeCall, method: DescMethod, answers: AsyncIterable<Init>): Promise<void> {
  for await (const message of answers) {
    edge.signal.throwIfAborted();
    const asked = edge.stayAdmitted?.();
    if (asked !== undefined) await asked;
    await edge.transport.send(create(method.output, message));
    // Before the next is asked for: nothing more is read for a caller who left while this one was on its way.
    edge.signal.throwIfAborted();
  }
}
