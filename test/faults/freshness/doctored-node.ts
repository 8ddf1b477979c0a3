// A relata that is wrong in one way, to see it found: node doctored-node.ts <fault>
import process from "node:process";
import { createAuthenticator } from "../../../src/auth/authenticate.ts";
import { openTenantLife } from "../../../src/cli/open-tenant-life.ts";
import { startServer } from "../../../src/cli/serve.ts";
import { type Config, loadConfig } from "../../../src/config.ts";
import { createLogger } from "../../../src/log.ts";
import type { Head } from "../../../src/model/revision.ts";
import type { Store } from "../../../src/model/store.ts";
import { openEntrance } from "../../../src/rpc/connections/entrance.ts";
import { startGrpcServer } from "../../../src/rpc/grpc.ts";
import { createHealth } from "../../../src/rpc/health.ts";
import { createEndpoints } from "../../../src/rpc/routes.ts";
import { createTenantCache } from "../../../src/rpc/tenant-cache.ts";
import { createAuditVerbs } from "../../../src/service/audit/verbs.ts";
import { createCredentialVerbs } from "../../../src/service/credentials/verbs.ts";
import { createSealer } from "../../../src/service/seal.ts";
import { createVerbs, type Verbs } from "../../../src/service/verbs.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";

const config = loadConfig({ text: "{}", env: process.env });
const log = createLogger({ level: "warn" });
const store = await createPostgresStore({ connection: { connectionString: config.databaseUrl } });
const grpcPort = await start(process.argv[2] ?? "");
process.stdout.write(`${JSON.stringify({ grpcPort })}\n`);

async function start(fault: string): Promise<number> {
  switch (fault) {
    case "no-token-check":
      return serveVerbs(config, withoutTokenCheck);
    case "lagging-head":
      return (await startServer(config, { log, store: { ...store, ...withLaggingHead(store) } })).grpcPort;
    case "mixed-revisions":
      return (
        await startServer({ ...config, residentBytes: 0 }, { log, store: { ...store, ...withMixedRevisions(store) } })
      ).grpcPort;
    case "forgetful-tail":
      return (await startServer(config, { log, store: { ...store, ...withForgetfulTail(store) } })).grpcPort;
    default:
      throw new Error(`no such fault: ${fault}`);
  }
}

/** As startServer does it, over other verbs. */
async function serveVerbs(settings: Config, doctor: (verbs: Verbs) => Verbs): Promise<number> {
  const now = Date.now;
  const authenticator = createAuthenticator(settings, { now, log });
  const trust = { stats: () => ({ revocations: 0 }) };
  const health = createHealth({ ping: () => store.ping(), log });
  const verbs = doctor(createVerbs({ store, tokenKeys: settings.tokenKeys, limits: settings, now, log }));
  const findTenant = createTenantCache(store.tenants);
  const sealer = createSealer(settings.tokenKeys);
  const credentials = createCredentialVerbs({
    ...settings,
    store: store.trust,
    sealer,
    trust,
    revocable: settings.issuers,
  });
  const audit = createAuditVerbs({ audit: store.audit, sealer, headKeys: [], now });
  const tenantLife = openTenantLife(settings, { store, log }).verbs;
  const endpoints = createEndpoints({ verbs, credentials, clients: undefined, audit, tenantLife }, health, {
    ...settings,
    authenticator,
    findTenant,
    log,
    now,
  });
  const { maxMessageBytes } = settings;
  return (
    await startGrpcServer(endpoints, {
      host: "127.0.0.1",
      port: 0,
      maxMessageBytes,
      entrance: openEntrance(config, log),
      authenticator,
      log,
    })
  ).port;
}

/** Whatever freshness is asked for, the answer is one of `minimize_latency`. */
function withoutTokenCheck(verbs: Verbs): Verbs {
  const consistency = { kind: "minimize_latency" } as const;
  return {
    ...verbs,
    check: (call, request) => verbs.check(call, { ...request, consistency }),
    batchCheck: (call, request) => verbs.batchCheck(call, { ...request, consistency }),
  };
}

/** Sometimes the head that was the newest some time ago, as a replica that lags would say. */
function withLaggingHead(real: Store): Store {
  let older: Head | undefined;
  let reads = 0;
  return {
    ...real,
    revisions: {
      ...real.revisions,
      async head(tenant) {
        const head = await real.revisions.head(tenant);
        reads += 1;
        if (reads % 4 === 0 && older !== undefined) return older;
        if (reads % 4 === 1) older = head;
        return head;
      },
    },
  };
}

/** Who is in a group is read some revisions back: the new enemy. */
function withMixedRevisions(real: Store): Store {
  return {
    ...real,
    tuples: {
      ...real.tuples,
      source(tenant, revision, signal) {
        const right = real.tuples.source(tenant, revision, signal);
        const older = real.tuples.source(tenant, Math.max(1, revision - 5), signal);
        return {
          ...right,
          read: async (needs, options) => {
            const [now, before] = await Promise.all([right.read(needs, options), older.read(needs, options)]);
            return needs.map((need, index) => (need.objectType === "group" ? before[index] : now[index]) ?? []);
          },
        };
      },
    },
  };
}

/** Memory never hears that a tuple was taken away. */
function withForgetfulTail(real: Store): Store {
  return {
    ...real,
    changes: {
      ...real.changes,
      async since(...args) {
        const page = await real.changes.since(...args);
        const revisions = page.revisions.map(({ head, changes }) => ({
          head,
          changes: changes.filter(({ kind }) => kind === "put"),
        }));
        return { ...page, revisions };
      },
    },
  };
}
