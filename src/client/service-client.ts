import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type {
  Client,
  ClientReadableStream,
  CallOptions as GrpcCallOptions,
  Metadata,
  ServiceError,
} from "@grpc/grpc-js";
import { CallError } from "./call-error.ts";

export interface CallOptions {
  /** Milliseconds from now. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Shows up in the server's log and in the tenant's history; a random one when left out. */
  readonly requestId?: string;
}

/** A service's methods by name: a promise for unary ones, an async iterable for streams. All reject with CallError. */
export type ServiceClient<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: ClientMethod<Service["method"][Name]>;
};

type ClientMethod<Method> =
  Method extends DescMethodUnary<infer Input, infer Output>
    ? (request: MessageInitShape<Input>, options?: CallOptions) => Promise<MessageShape<Output>>
    : Method extends DescMethodServerStreaming<infer Input, infer Output>
      ? (request: MessageInitShape<Input>, options?: CallOptions) => AsyncIterable<MessageShape<Output>>
      : never;

/** What each call needs besides its message. */
export interface CallSetup {
  readonly client: Client;
  /** Credentials, tenant and request id of one call. */
  readonly headers: (options: CallOptions) => Promise<Metadata>;
  /** Of calls with one answer that bring none. */
  readonly timeoutMs: number;
  /** Of streams that bring none. */
  readonly streamTimeoutMs: number;
}

export function createServiceClient<Service extends DescService>(
  service: Service,
  setup: CallSetup,
): ServiceClient<Service> {
  const entries = service.methods.map((method) => [method.localName, clientMethod(method, setup)]);
  return Object.fromEntries(entries) as ServiceClient<Service>;
}

type Init = Record<string, unknown>;

function clientMethod(method: DescMethod, setup: CallSetup) {
  switch (method.methodKind) {
    case "unary":
      return (request: Init, options: CallOptions = {}) => unary(method, setup, request, options);
    case "server_streaming":
      return (request: Init, options: CallOptions = {}) => stream(method, setup, request, options);
    default:
      return undefined;
  }
}

async function unary(method: DescMethod, setup: CallSetup, request: Init, options: CallOptions): Promise<Message> {
  const metadata = await setup.headers(options);
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, answer?: Message) => {
      if (error !== null) reject(new CallError(error, requestIdOf(metadata), nameOf(method)));
      else if (answer !== undefined) resolve(answer);
    };
    const deadline = deadlineIn(options.timeoutMs ?? setup.timeoutMs);
    const call = setup.client.makeUnaryRequest(...wireOf(method, request), metadata, deadline, done);
    cancelOn(options.signal, call);
  });
}

async function* stream(
  method: DescMethod,
  setup: CallSetup,
  request: Init,
  options: CallOptions,
): AsyncGenerator<Message> {
  const metadata = await setup.headers(options);
  const call: ClientReadableStream<Message> = setup.client.makeServerStreamRequest(
    ...wireOf(method, request),
    metadata,
    deadlineIn(options.timeoutMs ?? setup.streamTimeoutMs),
  );
  cancelOn(options.signal, call);
  try {
    for await (const message of call) yield message as Message;
  } catch (error) {
    throw isServiceError(error) ? new CallError(error, requestIdOf(metadata), nameOf(method)) : error;
  } finally {
    call.cancel();
  }
}

type Wire = [
  path: string,
  serialize: (message: Message) => Buffer,
  parse: (bytes: Buffer) => Message,
  message: Message,
];

function wireOf(method: DescMethod, request: Init): Wire {
  return [
    `/${nameOf(method)}`,
    (message) => Buffer.from(toBinary(method.input as DescMessage, message)),
    (bytes) => fromBinary(method.output, bytes),
    create(method.input, request),
  ];
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function deadlineIn(timeoutMs: number): GrpcCallOptions {
  return { deadline: Date.now() + timeoutMs };
}

function cancelOn(signal: AbortSignal | undefined, call: { cancel(): void }): void {
  if (signal?.aborted) call.cancel();
  else signal?.addEventListener("abort", () => call.cancel(), { once: true });
}

function requestIdOf(metadata: Metadata): string {
  return String(metadata.get("x-request-id")[0] ?? "");
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}
