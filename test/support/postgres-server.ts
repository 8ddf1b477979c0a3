import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import { isDockerRunning } from "./docker-engine.ts";
import { connectionFrom, connectionTo, type PgConnection } from "./postgres-connection.ts";
import { createTempDir } from "./temp-dir.ts";

export interface TestServer {
  readonly kind: "url" | "docker" | "embedded";
  readonly admin: PgConnection;
  stop(): Promise<void>;
}

/** Throwaway data: nothing needs to survive a crash of the machine. */
const SETTINGS = { max_connections: "200", fsync: "off", synchronous_commit: "off", full_page_writes: "off" } as const;
const IMAGE = "postgres:18-alpine";
const PORT = 5432;
/** Of a container that only this machine reaches, for as long as the tests run. */
const PASSWORD = "test";

/**
 * A server for this test run: the one at TEST_DATABASE_URL, else a container when Docker runs, else the bundled
 * PostgreSQL. TEST_PG=url|docker|embedded insists on one and fails when it is not to be had.
 */
export async function startTestServer(env: NodeJS.ProcessEnv): Promise<TestServer> {
  switch (env["TEST_PG"] || undefined) {
    case undefined:
      if (env["TEST_DATABASE_URL"]) return fromUrl(env);
      return (await isDockerRunning(env)) ? await startContainer() : await startEmbedded();
    case "url":
      return fromUrl(env);
    case "docker":
      if (!(await isDockerRunning(env))) throw new Error("TEST_PG=docker, but no Docker engine answers");
      return await startContainer();
    case "embedded":
      return await startEmbedded();
    default:
      throw new Error(`TEST_PG=${env["TEST_PG"]}: must be url, docker or embedded`);
  }
}

function fromUrl(env: NodeJS.ProcessEnv): TestServer {
  const url = env["TEST_DATABASE_URL"];
  if (!url) throw new Error("TEST_PG=url, but TEST_DATABASE_URL is not set");
  return { kind: "url", admin: connectionFrom(url), stop: async () => {} };
}

async function startContainer(): Promise<TestServer> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const flags = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: PASSWORD })
    .withExposedPorts(PORT)
    .withCommand(["postgres", ...flags])
    // The image starts the server twice: once to make the cluster, then for good.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(PORT)}`;
  return {
    kind: "docker",
    admin: connectionFrom(`postgres://postgres:${PASSWORD}@${address}/postgres`),
    stop: async () => {
      await container.stop();
    },
  };
}

async function startEmbedded(): Promise<TestServer> {
  const directory = await createTempDir();
  const server = await startEmbeddedPostgres({
    dataDir: join(directory.path, "pg"),
    durable: false,
    settings: SETTINGS,
  });
  return {
    kind: "embedded",
    admin: connectionTo(server.connection),
    stop: async () => {
      await server.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}
