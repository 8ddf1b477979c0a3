// Checks as JSON over HTTP/1.1 straight from their request, past connect: hot, so one object a call holds everything about it.
// connect takes a Request, Headers, three AbortControllers and some ten promises for each call. docs/decisions/0022.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Message } from "@bufbuild/protobuf";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { AuthorizationService, type CheckResponse } from "../gen/relata/v1/authorization_service_pb.ts";
import type { Logger } from "../log.ts";
import type { Peer } from "../model/peer.ts";
import { connectErrorOf } from "./connect-error.ts";
import type { Visit } from "./connect-routes.ts";
import { type EdgeCall, pathOf, startEdgeCall, type Transport } from "./edge-call.ts";
import { GONE } from "./grpc-transport.ts";
import { readCheckJson, writeCheckJson } from "./plain-check-json.ts";
import type { HttpRequest, HttpResponse } from "./plain-http.ts";
import { retryAfterSeconds } from "./retry-info.ts";
import type { Endpoint } from "./routes.ts";

/** Hands a request on whose body has been read already. */
export type HandOn = (body: Buffer) => void;

/** @returns whether the request is taken; one that turns out to be no plain Check is handed on with its body */
export type ServeJson = (request: HttpRequest, response: HttpResponse, visit: Visit, handOn: HandOn) => boolean;

const PATH = pathOf(AuthorizationService.method.check);
/** Read before it is known who sends them. */
const MAX_BYTES = 2 * 1024;
const JSON_TYPE = /^application\/json(?:\s*;\s*charset=utf-8)?$/i;
/** Of which a URL can surely be made, as connect does. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
const WHOLE_NUMBER = /^\d{1,9}$/;

/** Serves Checks that need nothing of connect. All else, and what is wrong with those that are none, stays with connect. */
export function createDirectJson(endpoints: readonly Endpoint[], log: Logger): ServeJson {
  const endpoint = endpoints.find(({ route }) => route.method === AuthorizationService.method.check);
  if (endpoint === undefined) return () => false;
  return (request, response, visit, handOn) => {
    if (!isPlain(request)) return false;
    readBody(request, (body) => {
      const question = readCheckJson(body);
      if (question === undefined) handOn(body);
      else new DirectCheck(question, { request, response: response as ServerResponse, visit, log }).serve(endpoint);
    });
    return true;
  };
}

function isPlain(request: HttpRequest): request is IncomingMessage {
  const { headers } = request;
  return (
    request.httpVersion === "1.1" &&
    HOST.test(headers.host ?? "") &&
    request.url === PATH &&
    request.method === "POST" &&
    JSON_TYPE.test(headers["content-type"] ?? "") &&
    WHOLE_NUMBER.test(headers["content-length"] ?? "") &&
    Number(headers["content-length"]) <= MAX_BYTES &&
    headers["content-encoding"] === undefined &&
    (headers["connect-timeout-ms"] === undefined || WHOLE_NUMBER.test(String(headers["connect-timeout-ms"])))
  );
}

/** A request that is cut off ends without a body, and nobody is there to be answered. */
function readBody(request: IncomingMessage, then: (body: Buffer) => void): void {
  let body: Buffer | undefined;
  request.on("data", (chunk: Buffer) => {
    body = body === undefined ? chunk : Buffer.concat([body, chunk]);
  });
  request.once("end", () => then(body ?? NOTHING));
}

const NOTHING = Buffer.alloc(0);

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visit: Visit;
  readonly log: Logger;
}

class DirectCheck implements Transport {
  readonly protocol = "connect";
  readonly #question: Message;
  readonly #exchange: Exchange;
  readonly #startedMs = performance.now();
  #answer = "";
  #gone: AbortSignal | undefined = undefined;

  constructor(question: Message, exchange: Exchange) {
    this.#question = question;
    this.#exchange = exchange;
  }

  serve({ route, pipeline }: Endpoint): void {
    this.#exchange.visit.entered = true;
    const edge = startEdgeCall(route.method, this);
    try {
      const ending = pipeline(edge);
      if (ending === undefined) this.#end(edge);
      else ending.then(() => this.#end(edge)).catch((error: unknown) => this.#breakOff(error));
    } catch (error) {
      this.#breakOff(error);
    }
  }

  /** Nothing of ours fails here; if it does, one call is lost and not the process. */
  #breakOff(error: unknown): void {
    const { response, log } = this.#exchange;
    log.error({ error: error instanceof Error ? error.stack : String(error) }, "HTTP answer broken off");
    response.destroy();
  }

  #end({ failure }: EdgeCall): void {
    const { response } = this.#exchange;
    if (response.destroyed) return;
    const body = failure === undefined ? this.#answer : errorToJsonBytes(connectErrorOf(failure), undefined);
    if (failure?.retryAfterMs !== undefined) response.setHeader("retry-after", retryAfterSeconds(failure.retryAfterMs));
    response.writeHead(failure === undefined ? 200 : codeToHttpStatus(failure.code), {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  }

  header(name: string): string | undefined {
    const value = this.#exchange.request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  setHeader(name: string, value: string): void {
    this.#exchange.response.setHeader(name, value);
  }

  get peer(): Peer {
    return this.#exchange.visit.peer;
  }

  get timeoutMs(): number | undefined {
    const timeoutMs = this.header("connect-timeout-ms");
    if (timeoutMs === undefined) return undefined;
    return Math.max(0, Math.ceil(Number(timeoutMs) - (performance.now() - this.#startedMs)));
  }

  get gone(): AbortSignal {
    this.#gone ??= signalOf(this.#exchange.response);
    return this.#gone;
  }

  receive(): Message {
    return this.#question;
  }

  async *requests(): AsyncIterable<Message> {}

  send(message: Message): undefined {
    this.#answer = writeCheckJson(message as CheckResponse);
  }
}

function signalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort(GONE);
  else response.once("close", () => gone.abort(GONE));
  return gone.signal;
}
