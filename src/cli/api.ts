import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type CallOptions,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Connection } from "./connection.ts";
import { fromServiceError } from "./server-error.ts";

/** Calls on one server as one caller. */
export interface Api {
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>>;
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
  ): AsyncIterable<MessageShape<O>>;
  close(): void;
}

export function connect(connection: Connection): Api {
  const client = new Client(connection.server, credentials.createInsecure());
  const call = (): [Metadata, CallOptions] => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${connection.token}`);
    if (connection.tenant !== undefined) metadata.set("relata-tenant", connection.tenant);
    return [metadata, { deadline: Date.now() + connection.timeoutMs }];
  };
  return {
    unary: (method, request) =>
      new Promise((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: MessageShape<(typeof method)["output"]>) => {
          if (error !== null) reject(fromServiceError(error, connection));
          else if (answer !== undefined) resolve(answer);
        };
        client.makeUnaryRequest(
          pathOf(method),
          serialize(method.input),
          parse(method.output),
          create(method.input, request),
          ...call(),
          done,
        );
      }),
    async *stream(method, request) {
      const stream = client.makeServerStreamRequest(
        pathOf(method),
        serialize(method.input),
        parse(method.output),
        create(method.input, request),
        ...call(),
      );
      yield* readAll(stream, connection);
    },
    close: () => client.close(),
  };
}

async function* readAll<T>(stream: ClientReadableStream<T>, connection: Connection): AsyncGenerator<T> {
  try {
    for await (const message of stream) yield message as T;
  } catch (error) {
    throw fromServiceError(error as ServiceError, connection);
  } finally {
    stream.cancel();
  }
}

function pathOf(method: DescMethodUnary | DescMethodServerStreaming): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function serialize<D extends DescMessage>(schema: D): (message: MessageShape<D>) => Buffer {
  return (message) => Buffer.from(toBinary(schema, message));
}

function parse<D extends DescMessage>(schema: D): (bytes: Buffer) => MessageShape<D> {
  return (bytes) => fromBinary(schema, bytes);
}
