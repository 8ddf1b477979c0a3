import { createConnectRouter, createContextValues } from "@connectrpc/connect";
import { createAsyncIterable, type UniversalHandler, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { addConnectRoutes, VISIT, type Visit } from "./connect-routes.ts";
import { explainRefusal } from "./early-refusal.ts";
import type { HttpRequest, HttpResponse } from "./plain-http.ts";
import { answerJson } from "./plain-http.ts";
import type { Endpoint } from "./routes.ts";

export interface ConnectAdapterOptions {
  readonly maxMessageBytes: number;
  /** Rejects, before a body is read, a call that may not be made. */
  readonly gate: Parameters<typeof createConnectRouter>[0] extends { requestGate?: infer G } | undefined ? G : never;
}

/**
 * Connect's own node adapter, with three differences: a request it cannot make a URL of is answered instead of thrown
 * out of the event handler (which ends the process), what fails after the answer began goes to our log, and a body that
 * does not decode gets the same kind of error as any other bad request.
 */
export function createConnectAdapter(endpoints: readonly Endpoint[], options: ConnectAdapterOptions) {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: options.maxMessageBytes,
    // A misspelt field must not be passed over: without its precondition a write would go through.
    jsonOptions: { ignoreUnknownFields: false },
    requestGate: options.gate,
  });
  addConnectRoutes(router, endpoints);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  /**
   * @param body what was read of the request already: all of it
   * @throws what a peer that went away in the middle makes fail
   */
  return async (request: HttpRequest, response: HttpResponse, visit: Visit, body?: Buffer): Promise<void> => {
    const handler = handlers.get((request.url ?? "").split("?", 1)[0] ?? "");
    const incoming = handler === undefined ? undefined : readRequest(request, response, visit);
    if (handler === undefined || incoming === undefined)
      return answerJson(response, 400, {
        code: "invalid_argument",
        message: "the path or the host header is not valid",
      });
    const whole = body === undefined ? incoming : { ...incoming, body: createAsyncIterable([body]) };
    await universalResponseToNodeResponse(await respond(handler, whole, visit), response);
  };
}

type UniversalRequest = Parameters<UniversalHandler>[0];

function readRequest(request: HttpRequest, response: HttpResponse, visit: Visit): UniversalRequest | undefined {
  try {
    return universalRequestFromNodeRequest(request, response, undefined, createContextValues().set(VISIT, visit));
  } catch {
    return undefined;
  }
}

async function respond(
  handler: UniversalHandler,
  incoming: UniversalRequest,
  visit: Visit,
): Promise<UniversalServerResponse> {
  const answer = await handler(incoming);
  const early = answer.status >= 400 && !visit.entered && visit.refused === undefined;
  return early ? explainRefusal(answer, visit) : answer;
}
