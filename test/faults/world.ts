import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createRelataClient } from "../../src/client/relata-client.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import { migrate } from "../../src/storage/postgres/migrate.ts";
import { ROLES } from "../../src/storage/postgres/roles.ts";
import { connectionTo } from "../support/postgres-connection.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { publishEndpoint } from "./endpoint.ts";
import { type RelataProcess, startRelata } from "./relata-process.ts";

export interface WriterSpec {
  readonly tenant: string;
  readonly name: string;
}

/** PostgreSQL, relata and writers, each a process of its own that can be killed and started again. */
export interface World extends AsyncDisposable {
  readonly directory: string;
  postgres(): EmbeddedPostgres;
  relata(): RelataProcess;
  startPostgres(): Promise<void>;
  startRelata(): Promise<void>;
  startWriter(spec: WriterSpec, seed: number): void;
  killWriter(name: string): Promise<void>;
  /** Lets every writer finish what it is at. */
  stopWriters(): Promise<void>;
  /** Acknowledged writes so far, of all writers. */
  acks(): number;
}

const OPERATOR = "operator";

export async function createWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await createTempDir()).path;
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  let postgres = await openPostgres(directory);
  stack.defer(() => postgres.stop());
  await migrate({ connection: postgres.connection });
  const env = serveEnv(postgres, issuer);
  const publish = (address: string) =>
    publishEndpoint(directory, { address, tokens: { acme: token(issuer, "acme"), globex: token(issuer, "globex") } });
  let relata = await startRelata(env);
  stack.defer(() => relata.kill());
  await createTenants(relata.address, issuer);
  publish(relata.address);
  const crew = createCrew(directory);
  stack.defer(() => crew.killAll());
  const kept = stack.move();
  return {
    directory,
    postgres: () => postgres,
    relata: () => relata,
    async startPostgres() {
      postgres = await openPostgres(directory);
    },
    async startRelata() {
      relata = await startRelata(env);
      publish(relata.address);
    },
    startWriter: crew.start,
    killWriter: crew.kill,
    stopWriters: crew.stop,
    acks: crew.acks,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** The real thing: an acknowledged commit is on disk. */
function openPostgres(directory: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: join(directory, "pg"), durable: true });
}

function serveEnv(postgres: EmbeddedPostgres, issuer: TestIssuer): Record<string, string> {
  const app = connectionTo({ ...postgres.connection, user: ROLES.app });
  const operator = { issuer: issuer.issuer, subject: OPERATOR, tenants: [], platform: true };
  return {
    RELATA_DATABASE_URL: app.url,
    RELATA_GRPC_PORT: "0",
    RELATA_HTTP_PORT: "0",
    RELATA_OPS_PORT: "0",
    RELATA_LOG_LEVEL: "error",
    RELATA_TOKEN_KEYS: JSON.stringify([{ id: "k1", secret: randomBytes(32).toString("hex") }]),
    RELATA_ISSUERS: JSON.stringify([issuer.trust()]),
    RELATA_BINDINGS: JSON.stringify([{ ...operator, scopes: ["tenants:read", "tenants:write"] }]),
  };
}

function token(issuer: TestIssuer, tenant: string): string {
  return issuer.mint({ tenant });
}

async function createTenants(address: string, issuer: TestIssuer): Promise<void> {
  const operator = createRelataClient({ address, token: issuer.mint({ sub: OPERATOR, tenant: undefined }) });
  for (const slug of ["acme", "globex"]) {
    await operator.tenants.create({ slug });
    const admin = createRelataClient({ address, token: token(issuer, slug) });
    await admin.schemas.write({ text: DOCUMENTS_SCHEMA });
    admin.close();
  }
  operator.close();
}

/** The writers. */
function createCrew(directory: string) {
  const running = new Map<string, ChildProcess>();
  let acks = 0;
  const end = async (name: string, signal: "SIGKILL" | "SIGTERM") => {
    const child = running.get(name);
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await ended;
    running.delete(name);
  };
  return {
    start({ tenant, name }: WriterSpec, seed: number) {
      const child = fork(join(import.meta.dirname, "writer.ts"), [directory, tenant, name, String(seed)], {
        execArgv: [],
      });
      child.on("message", () => {
        acks += 1;
      });
      running.set(name, child);
    },
    kill: (name: string) => end(name, "SIGKILL"),
    stop: async () => {
      await Promise.all([...running.keys()].map((name) => end(name, "SIGTERM")));
    },
    killAll: async () => {
      await Promise.all([...running.keys()].map((name) => end(name, "SIGKILL")));
    },
    acks: () => acks,
  };
}
