import { randomBytes, randomUUID } from "node:crypto";
import { type RunningServer, startServer } from "../../src/cli/serve.ts";
import {
  type ClientTls,
  createRelataClient,
  type RelataClient,
  type RelataClientOptions,
} from "../../src/client/relata-client.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import { createLogger } from "../../src/log.ts";
import type { ServingStore } from "../../src/model/serving-store.ts";
import type { Store } from "../../src/model/store.ts";
import type { Binding, TrustedIssuer } from "../../src/model/trust.ts";
import type { Observer } from "../../src/storage/postgres/flight.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase, type TestDatabase } from "./postgres.ts";
import { startTestIssuer, type TestIssuer } from "./tokens.ts";
import type { Claims } from "./tokens-raw.ts";

export interface TestServerOptions {
  /** Overrides of settings, as they are after loading. */
  readonly config?: Partial<Config>;
  readonly trust?: Partial<TrustedIssuer>;
  readonly bindings?: readonly Omit<Binding, "issuer">[];
  readonly now?: () => number;
  /** What is fresh and what is not, milliseconds. */
  readonly monotonic?: () => number;
  /** Share one between servers to make them one fleet. */
  readonly database?: TestDatabase;
  readonly issuer?: TestIssuer;
  /** What is kept in memory, and how; over what is configured. */
  readonly residencyOptions?: Partial<ResidencyOptions>;
  /** How clients trust a server whose `config` has TLS. */
  readonly clientTls?: ClientTls;
  /** Sees every statement. */
  readonly observe?: Observer;
  /** Puts something between the service and its real store: a delay, a failure, a count. */
  readonly wrapStore?: (store: ServingStore) => Store;
}

/** A line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A whole relata on ephemeral ports: both servers, a Postgres database and an issuer of its own. */
export interface TestServer extends RunningServer {
  readonly grpcAddress: string;
  readonly httpUrl: string;
  readonly database: TestDatabase;
  readonly issuer: TestIssuer;
  readonly config: Config;
  /** Everything logged so far, as it was written. */
  readonly logText: () => string;
  readonly logLines: () => readonly LogLine[];
  /** A client of tenant `slug`, which must exist, with every scope unless claims say otherwise. */
  client(slug: string, claims?: Claims, options?: Partial<RelataClientOptions>): RelataClient;
  /** Bound to the platform by subject `operator`. */
  readonly operator: RelataClient;
  /** Makes a tenant of a fresh slug, or of the given one. */
  createTenant(slug?: string): Promise<{ readonly id: string; readonly slug: string }>;
}

/** Settings under which every read reaches the store, for tests that stand in its way. */
export const NOTHING_IN_MEMORY = { residentBytes: 0, cacheBytes: 0 } as const;

const PLATFORM: Omit<Binding, "issuer"> = {
  subject: "operator",
  tenants: [],
  platform: true,
  scopes: ["tenants:read", "tenants:write", "credentials:read", "credentials:write", "audit:read"],
};

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const database = options.database ?? (await createTestDatabase());
  const issuer = options.issuer ?? (await startTestIssuer());
  const lines: string[] = [];
  const log = createLogger({ level: "debug", destination: { write: (line) => void lines.push(line) } });
  const config = testConfig(database, issuer, options);
  const store = await openStore(database, options);
  const { now = Date.now, monotonic, residencyOptions } = options;
  const more = { ...(monotonic && { monotonic }), ...(residencyOptions && { residencyOptions }) };
  const server = await startServer(config, { log, store, now, ...more });
  const clients: RelataClient[] = [];
  const grpcAddress = `127.0.0.1:${server.grpcPort}`;
  const { clientTls } = options;
  const connect = (token: () => string, more: Partial<RelataClientOptions> = {}) => {
    const client = createRelataClient({ address: grpcAddress, token, ...(clientTls && { tls: clientTls }), ...more });
    clients.push(client);
    return client;
  };
  const operator = connect(() => issuer.mint({ sub: "operator", tenant: undefined }));
  return {
    ...server,
    grpcAddress,
    httpUrl: `http://127.0.0.1:${server.httpPort}`,
    database,
    issuer,
    config,
    operator,
    logText: () => lines.join(""),
    logLines: () => lines.map((line) => JSON.parse(line) as LogLine),
    client: (slug, claims = {}, more = {}) => connect(() => issuer.mint({ tenant: slug, ...claims }), more),
    createTenant: async (slug = `t-${randomUUID().slice(0, 8)}`) => {
      const { tenant } = await operator.tenants.create({ slug });
      if (tenant === undefined) throw new Error("Create answered without a tenant");
      return tenant;
    },
    close: async () => {
      for (const client of clients) client.close();
      await server.close();
      if (options.issuer === undefined) await issuer.close();
      if (options.database === undefined) await database.drop();
    },
  };
}

async function openStore(
  database: TestDatabase,
  { observe, wrapStore = (store) => store }: TestServerOptions,
): Promise<ServingStore> {
  const connection = { connectionString: database.app.url };
  const maintenance = { connectionString: database.maintenance.url };
  const store = await createPostgresStore({ connection, maintenance, ...(observe && { observe }) });
  return { ...store, ...wrapStore(store) };
}

function testConfig(database: TestDatabase, issuer: TestIssuer, options: TestServerOptions): Config {
  const bindings = [PLATFORM, ...(options.bindings ?? [])].map((binding) => ({ ...binding, issuer: issuer.issuer }));
  const text = JSON.stringify({
    databaseUrl: database.app.url,
    grpcHost: "127.0.0.1",
    grpcPort: 0,
    httpHost: "127.0.0.1",
    httpPort: 0,
    opsPort: 0,
    tokenKeys: [{ id: "k1", secret: randomBytes(32).toString("hex") }],
    issuers: [issuer.trust(options.trust)],
    bindings,
    shutdownGraceMs: 5_000,
  });
  return { ...loadConfig({ text, env: {} }), ...options.config };
}
