import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runTestCli } from "../cli/run-cli.ts";
import { readExposition } from "../support/exposition.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { connectionTo } from "../support/postgres-connection.ts";
import { processesNaming } from "../support/processes.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { waitFor } from "../support/wait.ts";
import { type DevProcess, startDev, userEnv } from "./dev-process.ts";

interface Ports {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly opsPort: number;
}

/** Three processes that begin on a busy machine. */
const SLOW = { timeout: 120_000 };

describe("relata serve --workers 2", SLOW, () => {
  let dir: TempDir;
  let database: TestDatabase;
  let issuer: TestIssuer;
  let config: string;
  beforeAll(async () => {
    [dir, database, issuer] = await Promise.all([createTempDir(), createTestDatabase(), startTestIssuer()]);
    config = join(dir.path, "relata.yaml");
    const bindings = [
      { issuer: issuer.issuer, subject: "operator", platform: true, scopes: ["tenants:read", "tenants:write"] },
    ];
    const tokenKeys = [{ id: "k1", secret: "0123456789abcdef0123456789abcdef" }];
    const settings = {
      tokenKeys,
      issuers: [issuer.trust()],
      bindings,
      grpcPort: 0,
      httpPort: 0,
      opsPort: 0,
      workers: 2,
    };
    await writeFile(config, JSON.stringify(settings));
  });
  afterAll(async () => {
    await issuer.close();
    await database.drop();
    await dir[Symbol.asyncDispose]();
  });

  const started: DevProcess[] = [];
  const start = (url = database.app.url): DevProcess => {
    const command = [process.execPath, "src/main.ts", "serve", "--json", "--config", config];
    const server = startDev(command, [], userEnv({ DATABASE_URL: url }));
    started.push(server);
    return server;
  };
  // A test that fails leaves nothing behind for the next one.
  afterEach(async () => {
    for (const server of started.splice(0)) server.child.kill("SIGKILL");
    await waitFor("everything to end", async () => (await workersOf()).length === 0, 60_000);
  });
  const portsOf = async (server: DevProcess): Promise<Ports> => {
    const said = () => {
      if (server.child.exitCode !== null) throw new Error(server.stderr());
      return server
        .stdout()
        .split("\n")
        .find((line) => line.startsWith('{"grpcPort"'));
    };
    return JSON.parse(await waitFor("it serves", said, 60_000));
  };
  const workersOf = async () => (await processesNaming(config)).map(({ pid }) => pid);
  const ops = (ports: Ports, path: string) => fetch(`http://127.0.0.1:${ports.opsPort}${path}`);
  const metrics = async (ports: Ports) => readExposition(await (await ops(ports, "/metrics")).text());
  const list = (ports: Ports) =>
    runTestCli(["tenant", "list"], {
      env: {
        RELATA_SERVER: `127.0.0.1:${ports.grpcPort}`,
        RELATA_TOKEN: issuer.mint({ sub: "operator", tenant: undefined }),
      },
    });

  test("shares the ports, replaces a worker that dies, and drains all on SIGTERM", async () => {
    await using proxy = await startTcpProxy(database.app);
    const through = { host: "127.0.0.1", port: proxy.port };
    const server = start(connectionTo({ ...database.app, ...through }).url);
    const ports = await portsOf(server);
    expect(await workersOf()).toHaveLength(3);
    expect(await (await ops(ports, "/readyz")).json()).toMatchObject({
      status: "ready",
      workers: { 1: { status: "ready" }, 2: { status: "ready" } },
    });

    // Connections land on both, on either port.
    for (let i = 0; i < 8; i += 1) expect(await list(ports)).toMatchObject({ exit: 0 });
    const served = (read: ReadonlyMap<string, number>, worker: number) =>
      read.get(`relata_requests_total{worker="${worker}",method="relata.v1.TenantService/List",code="ok"}`) ?? 0;
    const before = await metrics(ports);
    expect(served(before, 1) + served(before, 2)).toBe(8);
    expect(Math.min(served(before, 1), served(before, 2))).toBeGreaterThan(1);
    const lines = server
      .stdout()
      .split("\n")
      .filter((line) => line.includes('"call"'));
    expect(new Set(lines.map((line) => JSON.parse(line).worker))).toEqual(new Set([1, 2]));
    for (let i = 0; i < 4; i += 1) expect((await fetch(`http://127.0.0.1:${ports.httpPort}/healthz`)).status).toBe(200);

    // One is killed: the other answers, and another one comes.
    const victim = (await workersOf()).find((pid) => pid !== server.pid) ?? 0;
    process.kill(victim, "SIGKILL");
    await waitFor("the loss to be noticed", async () => (await metrics(ports)).get("relata_workers_serving") === 1);
    expect(await (await ops(ports, "/readyz")).json()).toMatchObject({ status: "degraded" });
    for (let i = 0; i < 4; i += 1) expect(await list(ports)).toMatchObject({ exit: 0 });
    const after = await waitFor(
      "two workers again",
      async () => {
        const read = await metrics(ports);
        return read.get("relata_worker_restarts_total") === 1 && read.get("relata_workers_serving") === 2 && read;
      },
      60_000,
    );
    expect(after.get("relata_workers_configured")).toBe(2);
    expect((await workersOf()).length).toBe(3);
    expect(await workersOf()).not.toContain(victim);

    // A database that says nothing: each worker still tells what it is, and how long it has been left alone.
    proxy.freeze();
    const silent = await waitFor("the silence to be seen", async () => {
      const read = await metrics(ports);
      return read.get('relata_ready{worker="1"}') === 0 && read;
    });
    expect(silent.get('relata_ready{worker="2"}')).toBe(0);
    const unready = await ops(ports, "/readyz");
    expect(unready.status).toBe(503);
    expect(await unready.json()).toMatchObject({
      status: "unavailable",
      workers: { 1: { parts: { store: { ok: false } } }, 2: { parts: { store: { ok: false } } } },
    });
    proxy.thaw();
    await waitFor("it to be ready again", async () => (await ops(ports, "/readyz")).status === 200);

    // A call that is open when the end comes is ended by its worker, not cut.
    const session = connectHttp2(`http://127.0.0.1:${ports.grpcPort}`);
    await once(session, "connect");
    // Connected is who stands in the listener's queue, too; who is answered has been taken in.
    await new Promise<void>((answered) => session.ping(() => answered()));
    const goaway = once(session, "goaway");
    server.child.kill("SIGTERM");
    await goaway;
    session.close();
    expect(await server.ended).toBe(0);
    expect(await workersOf()).toEqual([]);
  });

  test("leaves nobody behind when the primary is killed", async () => {
    const server = start();
    const ports = await portsOf(server);
    expect((await ops(ports, "/livez")).status).toBe(200);
    server.child.kill("SIGKILL");
    await server.ended;
    await waitFor("all workers to end", async () => (await workersOf()).length === 0);
  });

  test("says once what keeps it from starting", async () => {
    const server = start("postgres://nobody@127.0.0.1:1/nothing");
    expect(await server.ended).toBe(4);
    expect(server.stderr().match(/"error"/g)).toHaveLength(1);
    expect(await workersOf()).toEqual([]);
  });
});
