import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Health } from "./health.ts";

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** What Connect, gRPC-Web and gRPC send. */
const RPC_CONTENT_TYPE =
  /^application\/(?:json|proto|connect\+(?:json|proto)|grpc(?:-web)?(?:-text)?(?:\+(?:json|proto))?)\s*(?:;|$)/i;

/**
 * Answers what is not an RPC, in the JSON that Connect uses for errors: health for load balancers, and what a person
 * with curl most often gets wrong.
 * @returns false when it is for the RPC handler
 */
export function answerPlainly(
  request: HttpRequest,
  response: HttpResponse,
  paths: ReadonlySet<string>,
  health: Health,
): boolean {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  if (path === "/healthz") {
    void answerHealth(response, health);
    return true;
  }
  if (!paths.has(path)) {
    answer(
      response,
      404,
      "unimplemented",
      `there is no ${show(path)} here; methods are POST /relata.v1.AuthorizationService/Check and so on`,
    );
    return true;
  }
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    answer(response, 405, "unimplemented", `${show(path)} takes POST, not ${request.method ?? "this"}`);
    return true;
  }
  const contentType = request.headers["content-type"];
  if (!RPC_CONTENT_TYPE.test(contentType ?? "")) {
    const sent = contentType === undefined ? "none" : show(contentType);
    answer(
      response,
      415,
      "invalid_argument",
      `send content-type: application/json, or a Connect, gRPC-Web or gRPC one; this request has ${sent}`,
    );
    return true;
  }
  return false;
}

async function answerHealth(response: HttpResponse, health: Health): Promise<void> {
  const serving = await health.serving();
  answerJson(response, serving ? 200 : 503, { status: serving ? "SERVING" : "NOT_SERVING" });
}

function answer(response: HttpResponse, status: number, code: string, message: string): void {
  answerJson(response, status, { code, message });
}

export function answerJson(response: HttpResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify(body)}\n`);
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
