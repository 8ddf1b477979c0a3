import { randomBytes } from "node:crypto";
import { createRelataClient, type RelataClient } from "../../../src/client/relata-client.ts";
import { readPosition } from "../../../src/service/position-bytes.ts";
import { createSealer } from "../../../src/service/seal.ts";
import { ROLES } from "../../../src/storage/postgres/roles.ts";
import { connectionTo } from "../../support/postgres-connection.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { startTestIssuer, type TestIssuer } from "../../support/tokens.ts";
import { createDatabase, type Database } from "./database.ts";
import { FLIPS_SCHEMA } from "./flips.ts";
import { type NodeProcess, SERVE, startNode } from "./node-process.ts";

/** Nodes over one database, each behind a bad network of its own, and one tenant on them. */
export interface Fleet extends AsyncDisposable {
  readonly nodes: readonly FleetNode[];
  readonly database: Database;
  readonly tenant: string;
  readonly maxStalenessMs: number;
  /** What a consistency token says. */
  revisionOf(token: string): number;
}

export interface FleetNode {
  readonly name: string;
  /** Between this node and the database. */
  readonly proxy: TcpProxy;
  /** A client of the tenant, with every scope. Calls fail while the node is down. */
  client(): RelataClient;
  process(): NodeProcess;
  kill(): Promise<void>;
  /** After `kill`: with the wall clock it had. */
  start(): Promise<void>;
  setClock(offsetMs: number): Promise<void>;
}

export interface FleetOptions {
  readonly nodes: number;
  /** Settings of relata by their variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** And of each node in turn. */
  readonly nodeEnv?: readonly Readonly<Record<string, string>>[];
  /** Program and arguments of each node in turn; by default `relata serve`. */
  readonly programs?: readonly (readonly string[])[];
}

/** Above the time between two polls, and small enough that a test sees what is older. */
export const MAX_STALENESS_MS = 500;
/** Nobody waits longer; also the longest that a frozen node keeps other writers waiting. */
const DEADLINE_MS = 2_000;
const TENANT = "acme";
const OPERATOR = "operator";
const HALF_A_DAY_S = 12 * 3_600;

/** What is sent to the database by the hearing of hints, and by the polling of heads and changes, and by nobody else. */
export const TAIL_MARKERS: readonly string[] = ["LISTEN", "read_heads", "_since"];

export async function createFleet(options: FleetOptions): Promise<Fleet> {
  await using stack = new AsyncDisposableStack();
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  const database = stack.use(await createDatabase());
  const secret = randomBytes(32).toString("hex");
  const settings = { ...serveEnv(issuer, secret), ...options.env };
  const end = new AbortController();
  stack.defer(() => end.abort());
  const names = Array.from({ length: options.nodes }, (_, index) => String.fromCharCode(97 + index));
  const nodes = await Promise.all(
    names.map(async (name, index) => {
      const proxy = stack.use(await startTcpProxy({ ...database.connection, markers: TAIL_MARKERS }));
      const url = connectionTo({ ...database.connection, host: "127.0.0.1", port: proxy.port, user: ROLES.app }).url;
      const program = options.programs?.[index] ?? SERVE;
      const own = { ...settings, ...options.nodeEnv?.[index], RELATA_DATABASE_URL: url };
      const boot = () => startNode(program, own, end.signal);
      const node = await createNode(name, proxy, boot, mint(issuer, { tenant: TENANT }));
      stack.defer(() => node.kill());
      return node;
    }),
  );
  await createTenant(nodes, mint(issuer, { sub: OPERATOR, tenant: undefined }));
  const sealer = createSealer([{ id: "k1", secret }]);
  const kept = stack.move();
  return {
    nodes,
    database,
    tenant: TENANT,
    maxStalenessMs: MAX_STALENESS_MS,
    revisionOf(token) {
      const payload = sealer.open("consistency-token", token);
      if (payload === undefined) throw new Error(`not a consistency token: ${token}`);
      return readPosition(payload).revision;
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

async function createNode(
  name: string,
  proxy: TcpProxy,
  boot: () => Promise<NodeProcess | undefined>,
  token: string,
): Promise<FleetNode> {
  let offsetMs = 0;
  let running = await boot();
  let client: { readonly address: string; readonly client: RelataClient } | undefined;
  const current = () => {
    if (running === undefined) throw new Error(`node ${name} was not started`);
    return running;
  };
  return {
    name,
    proxy,
    client() {
      const { address } = current();
      if (client?.address !== address) {
        client?.client.close();
        client = { address, client: createRelataClient({ address, token, timeoutMs: DEADLINE_MS }) };
      }
      return client.client;
    },
    process: current,
    async kill() {
      client?.client.close();
      client = undefined;
      await running?.kill();
    },
    async start() {
      running = await boot();
      if (offsetMs !== 0) await running?.setClock(offsetMs);
    },
    async setClock(offset) {
      offsetMs = offset;
      await running?.setClock(offset);
    },
  };
}

/** Good however the clocks of nodes jump, by up to half a day. */
function mint(issuer: TestIssuer, claims: Parameters<TestIssuer["mint"]>[0]): string {
  const nowS = Math.floor(Date.now() / 1000);
  return issuer.mint({ ...claims, iat: nowS - HALF_A_DAY_S, exp: nowS + HALF_A_DAY_S });
}

function serveEnv(issuer: TestIssuer, secret: string): Record<string, string> {
  const operator = { issuer: issuer.issuer, subject: OPERATOR, tenants: [], platform: true };
  return {
    RELATA_GRPC_PORT: "0",
    RELATA_HTTP_PORT: "0",
    RELATA_OPS_PORT: "0",
    RELATA_LOG_LEVEL: "warn",
    RELATA_MAX_STALENESS_MS: String(MAX_STALENESS_MS),
    RELATA_MAX_DEADLINE_MS: String(DEADLINE_MS),
    RELATA_DEFAULT_DEADLINE_MS: String(DEADLINE_MS),
    RELATA_TOKEN_KEYS: JSON.stringify([{ id: "k1", secret }]),
    RELATA_ISSUERS: JSON.stringify([issuer.trust({ maxLifetimeMs: 3 * HALF_A_DAY_S * 1_000 })]),
    RELATA_BINDINGS: JSON.stringify([{ ...operator, scopes: ["tenants:read", "tenants:write"] }]),
  };
}

async function createTenant(nodes: readonly FleetNode[], token: string): Promise<void> {
  const [first] = nodes;
  if (first === undefined) throw new Error("a fleet has at least one node");
  const operator = createRelataClient({ address: first.process().address, token });
  await operator.tenants.create({ slug: TENANT });
  operator.close();
  await first.client().schemas.write({ text: FLIPS_SCHEMA });
}
