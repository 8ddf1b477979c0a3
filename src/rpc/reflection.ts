import {
  create,
  type DescFile,
  type DescService,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { GRPC_CODES } from "./error-map.ts";

/** Answers one question of the reflection protocol about the services that are served. */
export type AnswerReflection = (request: ServerReflectionRequest) => ServerReflectionResponse;

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;
type Question = MessageShape<
  typeof import("../gen/grpc/reflection/v1/reflection_pb.ts").ServerReflectionRequestSchema
>["messageRequest"];

/** @param alsoKnown files whose messages travel inside `Any`, such as error details, and no service imports */
export function createReflection(services: readonly DescService[], alsoKnown: readonly DescFile[]): AnswerReflection {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  for (const file of [...services.map(({ file }) => file), ...alsoKnown]) addFile(file, files, symbols);
  const names = services.map(({ typeName }) => ({ name: typeName })).toSorted((a, b) => (a.name < b.name ? -1 : 1));

  const answer = (question: Question): Answer => {
    switch (question.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: names } };
      case "fileByFilename":
        return fileAnswer(files.get(question.value), question.value);
      case "fileContainingSymbol":
        return fileAnswer(symbols.get(question.value), question.value);
      case "allExtensionNumbersOfType":
        return symbols.has(question.value)
          ? { case: "allExtensionNumbersResponse", value: { baseTypeName: question.value, extensionNumber: [] } }
          : notFound(question.value);
      case "fileContainingExtension":
        return notFound(`extension ${question.value.extensionNumber} of ${question.value.containingType}`);
      case undefined:
        return errorAnswer(GRPC_CODES.invalid_argument, "the request asks nothing");
    }
  };
  return (request) =>
    create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(request.messageRequest),
    });
}

function addFile(file: DescFile, files: Map<string, DescFile>, symbols: Map<string, DescFile>): void {
  const { name } = file.proto;
  if (files.has(name)) return;
  files.set(name, file);
  for (const dependency of file.dependencies) addFile(dependency, files, symbols);
  const add = (symbol: Symbols): void => {
    symbols.set(symbol.typeName, file);
    for (const nested of [...(symbol.nestedMessages ?? []), ...(symbol.nestedEnums ?? [])]) add(nested);
    for (const method of symbol.methods ?? []) symbols.set(`${symbol.typeName}.${method.name}`, file);
  };
  for (const symbol of [...file.messages, ...file.enums, ...file.services]) add(symbol);
}

/** What messages, enums and services have in common here. */
interface Symbols {
  readonly typeName: string;
  readonly nestedMessages?: readonly Symbols[];
  readonly nestedEnums?: readonly Symbols[];
  readonly methods?: readonly { readonly name: string }[];
}

/** The file and everything it needs, so that a client asks once. */
function fileAnswer(file: DescFile | undefined, asked: string): Answer {
  if (file === undefined) return notFound(asked);
  const closure = new Set<DescFile>();
  const collect = (next: DescFile): void => {
    if (closure.has(next)) return;
    closure.add(next);
    next.dependencies.forEach(collect);
  };
  collect(file);
  const fileDescriptorProto = [...closure].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(asked: string): Answer {
  return errorAnswer(GRPC_CODES.not_found, `not found: ${asked.slice(0, 200)}`);
}

function errorAnswer(errorCode: number, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
