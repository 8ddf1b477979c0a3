import type { ClientConfig } from "pg";
import { startServer } from "../../src/cli/serve.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import type { Bound } from "../../src/storage/postgres/statement.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { serverConfig } from "../server-config.ts";

export interface ObservedServerOptions {
  /** As the application role. */
  readonly connection: ClientConfig;
  readonly issuer: TrustedIssuer;
}

/** What the server has sent to its database for a caller, without BEGIN, the scope and COMMIT. */
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

/** BEGIN, COMMIT and the scope, of which every flight has the same. */
const FRAME: ReadonlySet<string> = new Set(["", "enter_scope"]);

/**
 * Whether a flight is in the scope of a tenant, by its id or its slug, or goes on with a transaction begun before. What is
 * polled between requests is in the scope of all heads, of all credentials, or of the registry.
 */
function isOfTenant(flight: readonly Bound[]): boolean {
  const scope = flight.find(({ name }) => name === "enter_scope");
  if (scope === undefined) return true;
  const [tenantId, slug] = scope.values;
  return tenantId !== "" || slug !== "";
}

/** A whole relata on the given database, without tenants in memory, whose statements are counted. */
export async function startObservedServer({ connection, issuer }: ObservedServerOptions): Promise<ObservedServer> {
  let [count, lastAtMs] = [0, 0];
  const store = await createPostgresStore({
    connection,
    statementTimeoutMs: 60_000,
    observe: (flight) => {
      const asked = isOfTenant(flight) ? flight.filter(({ name }) => !FRAME.has(name)) : [];
      count += asked.length;
      if (asked.length > 0) lastAtMs = performance.timeOrigin + performance.now();
    },
  });
  const config = serverConfig({
    residentBytes: 0,
    issuers: [issuer],
    bindings: [{ ...OPERATOR, issuer: issuer.issuer }],
  });
  const server = await startServer(config, { log: SILENT_LOGGER, store });
  return {
    address: `127.0.0.1:${server.grpcPort}`,
    statements: () => ({ count, lastAtMs }),
    close: () => server.close(),
  };
}
