import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import { ECHO_PATH } from "./echo.ts";

const BODY = "{}";
const HEAD = { "content-type": "application/json", "content-length": BODY.length };

/**
 * Adds the echo to every HTTP/1.1 server of this process: it reads a body and answers with an empty object, before the product's own
 * handler is called, which knows nothing of it.
 */
export function addEchoToHttpServers(): void {
  const emit = Server.prototype.emit as Emit;
  const echoing: Emit = function (event, ...args) {
    const [request, response] = args;
    if (event !== "request" || (request as IncomingMessage).url !== ECHO_PATH) return emit.call(this, event, ...args);
    echo(request as IncomingMessage, response as ServerResponse);
    return true;
  };
  Server.prototype.emit = echoing;
}

type Emit = (this: Server, event: string | symbol, ...args: readonly unknown[]) => boolean;

function echo(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.once("end", () => response.writeHead(200, HEAD).end(BODY));
}
