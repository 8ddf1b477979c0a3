import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflection as AlphaReflection,
  type ServerReflectionRequest as AlphaRequest,
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
} from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { untilAborted } from "../aborted.ts";
import type { EdgeCall } from "../edge-call.ts";
import type { AnswerReflection } from "../reflection.ts";
import type { Route } from "./route.ts";

/** Both versions of the protocol: older tools know the alpha only. */
export function reflectionRoutes(reflect: AnswerReflection, stopping: AbortSignal): readonly Route[] {
  return [
    {
      method: ServerReflection.method.serverReflectionInfo,
      open: true,
      run: (call) => answerUntil(stopping, call, (request) => reflect(request as ServerReflectionRequest)),
    },
    {
      method: AlphaReflection.method.serverReflectionInfo,
      open: true,
      run: (call) => answerUntil(stopping, call, (request) => reflectAlpha(reflect, request as AlphaRequest)),
    },
  ];
}

/** Tools keep their stream open for as long as they run; it must not hold up a stop. */
function answerUntil(stopping: AbortSignal, call: EdgeCall, answer: (request: Message) => Message): Promise<void> {
  return untilAborted(answerAll(call, answer), stopping);
}

async function answerAll(call: EdgeCall, answer: (request: Message) => Message): Promise<void> {
  for await (const request of call.transport.requests()) await call.transport.send(answer(request));
}

/** v1 is v1alpha under another name, field by field, so the bytes of one are the bytes of the other. */
function reflectAlpha(reflect: AnswerReflection, request: AlphaRequest): Message {
  const asked = fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, request));
  const answered = toBinary(ServerReflectionResponseSchema, reflect(asked));
  return create(AlphaResponseSchema, fromBinary(AlphaResponseSchema, answered));
}
