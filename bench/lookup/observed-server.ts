import type { ClientConfig } from "pg";
import { startServer } from "../../src/cli/serve.ts";
import { loadConfig } from "../../src/config.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";

export interface ObservedServerOptions {
  /** As the application role. */
  readonly connection: ClientConfig;
  readonly issuer: TrustedIssuer;
}

/** What the server has sent to its database, without BEGIN, the scope and COMMIT. */
export interface Statements {
  readonly count: number;
  /** When the last one left, milliseconds since the epoch; 0 before the first. */
  readonly lastAtMs: number;
}

export interface ObservedServer {
  /** Of the gRPC port. */
  readonly address: string;
  statements(): Statements;
  close(): Promise<void>;
}

const OPERATOR = { subject: "operator", tenants: [], platform: true, scopes: ["tenants:read", "tenants:write"] };

/** A whole relata on the given database, as `relata serve` starts it, whose statements are counted. */
export async function startObservedServer({ connection, issuer }: ObservedServerOptions): Promise<ObservedServer> {
  let [count, lastAtMs] = [0, 0];
  const store = await createPostgresStore({
    connection,
    statementTimeoutMs: 60_000,
    observe: (flight) => {
      const asked = flight.filter(({ name }) => name !== "" && name !== "enter_scope");
      count += asked.length;
      if (asked.length > 0) lastAtMs = performance.timeOrigin + performance.now();
    },
  });
  const settings = {
    databaseUrl: "postgres:///given-otherwise",
    grpcHost: "127.0.0.1",
    grpcPort: 0,
    httpHost: "127.0.0.1",
    httpPort: 0,
    opsPort: 0,
    tokenKeys: [{ id: "bench", secret: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }],
    issuers: [issuer],
    bindings: [{ ...OPERATOR, issuer: issuer.issuer }],
  };
  const config = loadConfig({ text: JSON.stringify(settings), env: {} });
  const server = await startServer(config, { log: SILENT_LOGGER, store });
  return {
    address: `127.0.0.1:${server.grpcPort}`,
    statements: () => ({ count, lastAtMs }),
    close: () => server.close(),
  };
}
