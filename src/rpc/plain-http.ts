import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Health } from "./health.ts";

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** What Connect, gRPC-Web and gRPC send. */
const RPC_CONTENT_TYPE =
  /^application\/(?:json|proto|connect\+(?:json|proto)|grpc(?:-web)?(?:-text)?(?:\+(?:json|proto))?)\s*(?:;|$)/i;

/** Connect sends a call with one answer, and one with a stream of them, under different types; gRPC does not care. */
const ONE_ANSWER = /^application\/(?:json|proto)\b/i;
const STREAMED = /^application\/connect\+/i;

/**
 * Answers what is not an RPC, in the JSON that Connect uses for errors: health for load balancers, and what a person
 * with curl most often gets wrong.
 * @param methods by path, and whether the method's answer is a stream
 * @returns false when it is for the RPC handler
 */
export function answerPlainly(
  request: HttpRequest,
  response: HttpResponse,
  methods: ReadonlyMap<string, { readonly streams: boolean }>,
  health: Health,
): boolean {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  if (path === "/healthz") {
    void answerHealth(response, health);
    return true;
  }
  const method = methods.get(path);
  if (method === undefined) {
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
  const advice = contentTypeAdvice(request.headers["content-type"], method);
  if (advice === undefined) return false;
  answer(response, 415, "invalid_argument", advice);
  return true;
}

/** What to send instead; undefined when the content type fits. */
function contentTypeAdvice(sent: string | undefined, { streams }: { readonly streams: boolean }): string | undefined {
  if (sent === undefined || !RPC_CONTENT_TYPE.test(sent)) {
    const what = sent === undefined ? "none" : show(sent);
    return `send content-type: application/json, or a Connect, gRPC-Web or gRPC one; this request has ${what}`;
  }
  if (streams && ONE_ANSWER.test(sent))
    return "this method answers with a stream: send content-type: application/connect+json and the message in Connect's envelope, or ask over gRPC";
  if (!streams && STREAMED.test(sent))
    return "this method has one answer: send content-type: application/json and the message without an envelope";
  return undefined;
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
