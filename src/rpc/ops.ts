import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../log.ts";
import { EXPOSITION_TYPE, exposition, type MetricFamily } from "../metrics.ts";

export interface OpsOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly log: Logger;
  readonly metrics: () => Promise<readonly MetricFamily[]> | readonly MetricFamily[];
  /** Whether requests can be answered, and what a person wants to know of that, as JSON. */
  readonly ready: () => Promise<{ readonly ok: boolean; readonly body: unknown }>;
}

export interface OpsServer {
  readonly port: number;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** `GET /metrics` for Prometheus, `/livez` and `/readyz` for whoever starts, restarts and sends requests. Of a tenant no more than its id and size. */
export async function startOpsServer(options: OpsOptions): Promise<OpsServer> {
  const { log } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    answer(path, request.method ?? "", response, options).catch((error: unknown) => {
      log.error({ path, error: String(error) }, "operations port");
      send(response, 500, "text/plain", "internal error\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  server.on("error", (error) => log.error({ error: String(error) }, "operations port"));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(path: string, method: string, response: ServerResponse, options: OpsOptions): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return send(response, 405, "text/plain", "only GET and HEAD\n");
  }
  switch (path) {
    case "/metrics":
      return send(response, 200, EXPOSITION_TYPE, exposition(await options.metrics()));
    case "/livez":
      return send(response, 200, "application/json", '{"status":"alive"}\n');
    case "/readyz": {
      const { ok, body } = await options.ready();
      return send(response, ok ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
    }
    default:
      return send(response, 404, "text/plain", "there are /metrics, /livez and /readyz\n");
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return;
  // A prober that read an old answer would decide by it.
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
