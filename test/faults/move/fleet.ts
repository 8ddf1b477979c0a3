import { randomBytes } from "node:crypto";
import type { Config } from "../../../src/config.ts";
import { createTestDatabase, type TestDatabase } from "../../support/postgres.ts";
import { connectionTo } from "../../support/postgres-connection.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { DOCUMENTS_SCHEMA } from "../../support/server-seed.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { startTestIssuer } from "../../support/tokens.ts";
import { insist } from "./clients.ts";
import type { Node } from "./node.ts";

/** Two nodes over one database; the second one is `late`: it can be kept from hearing of changes, and of nothing else. */
export interface MoveFleet extends AsyncDisposable {
  readonly nodes: readonly [prompt: Node, late: Node];
  readonly database: TestDatabase;
  readonly tenant: { readonly id: string; readonly slug: string };
  /** After which no node has the old address: what `relata serve` itself would wait. */
  readonly settleMs: number;
  /** From now on the late node hears nothing of what changes about tenants. */
  deafen(): void;
  hear(): void;
}

/** As short as the settings allow, so that a test does not wait for long; the sum is what a move waits for. */
const TRUST_MAX_AGE_MS = 1_000;
const DEADLINE_MS = 500;
/** How the feed of trust is read, and hinted at. */
const MARKERS = ["trust_log_since", "LISTEN"];

export async function createMoveFleet(config: Partial<Config> = {}): Promise<MoveFleet> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  const proxy = stack.use(await startTcpProxy({ ...database.app, markers: MARKERS }));
  const behindProxy = { ...database, app: connectionTo({ ...database.app, host: "127.0.0.1", port: proxy.port }) };
  const settings = {
    tokenKeys: [{ id: "k1", secret: randomBytes(32).toString("hex") }],
    trustMaxAgeMs: TRUST_MAX_AGE_MS,
    defaultDeadlineMs: DEADLINE_MS,
    maxDeadlineMs: DEADLINE_MS,
    pollIntervalMs: 100,
    ...config,
  };
  const [prompt, late] = await Promise.all(
    [database, behindProxy].map(async (own) => {
      const server = await startTestServer({ database: own, issuer, config: settings });
      stack.defer(() => server.close());
      return server;
    }),
  );
  if (prompt === undefined || late === undefined) throw new Error("two nodes");
  const tenant = await prompt.createTenant();
  const nodeOf = (name: string, server: TestServer): Node => ({ name, server, client: server.client(tenant.slug) });
  const nodes = [nodeOf("prompt", prompt), nodeOf("late", late)] as const;
  await insist(() => nodes[0].client.schemas.write({ text: DOCUMENTS_SCHEMA }));
  const kept = stack.move();
  return {
    nodes,
    database,
    tenant,
    settleMs: settings.trustMaxAgeMs + 2 * settings.maxDeadlineMs,
    deafen: () => deafen(proxy),
    hear: () => proxy.thaw(),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

function deafen(proxy: TcpProxy): void {
  proxy.freeze({ where: (link) => MARKERS.some((marker) => link.hasSent(marker)), direction: "down" });
}
