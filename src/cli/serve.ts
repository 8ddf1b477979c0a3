import type { ApiTokens } from "../auth/api-tokens.ts";
import { type Authenticator, createAuthenticator } from "../auth/authenticate.ts";
import { revocableIssuers } from "../auth/own-issuer.ts";
import type { TrustFeed } from "../auth/trust-feed.ts";
import type { Config } from "../config.ts";
import type { ResidencyOptions } from "../graph/residency-options.ts";
import { createLogger, type Logger } from "../log.ts";
import { createRequestMetrics, type RequestMetrics } from "../metrics/request-metrics.ts";
import type { RefusalLog } from "../model/audit.ts";
import type { Residency } from "../model/residency.ts";
import type { ServingStore } from "../model/serving-store.ts";
import { type Entrance, openEntrance } from "../rpc/connections/entrance.ts";
import { startGrpcServer } from "../rpc/grpc.ts";
import { createHealth, type Health } from "../rpc/health.ts";
import { startHttpServer } from "../rpc/http.ts";
import { CODES } from "../rpc/interceptors/count-calls.ts";
import { type CallLimits, createCallLimits } from "../rpc/limits/call-limits.ts";
import { createCredentialGuard, guardAuthenticator } from "../rpc/limits/credential-guard.ts";
import type { OAuthEndpoints } from "../rpc/oauth/endpoints.ts";
import { API_PROCEDURES, createEndpoints, type Endpoint } from "../rpc/routes.ts";
import type { RpcServer } from "../rpc/server.ts";
import { createTenantCache } from "../rpc/tenant-cache.ts";
import { createCredentialVerbs } from "../service/credentials/verbs.ts";
import { createSealer } from "../service/seal.ts";
import { createVerbs, type VerbOptions } from "../service/verbs.ts";
import { createPostgresStore } from "../storage/postgres/store.ts";
import { type Audit, openAudit } from "./open-audit.ts";
import { createOps, type Ops, openOpsPort } from "./open-ops.ts";
import { openResidency } from "./open-residency.ts";
import { openTenantLife, type TenantLife } from "./open-tenant-life.ts";
import { type OpenTokenService, type OwnParts, openOwnIdentity, openTokenService } from "./open-token-service.ts";
import { openTrust } from "./open-trust.ts";

export interface ServerDeps {
  /** Milliseconds since the epoch. Default: the real clock. */
  readonly now?: () => number;
  /** Milliseconds that only pass. Default: the process's own. */
  readonly monotonic?: () => number;
  /** Default: JSON lines on standard output at `logLevel`. */
  readonly log?: Logger;
  /** Default: Postgres at `databaseUrl`. The server closes it. */
  readonly store?: ServingStore;
  /** Default: as configured. The server closes it. */
  readonly residency?: Residency;
  /** Over what is configured, where `residency` is left out. */
  readonly residencyOptions?: Partial<ResidencyOptions>;
  /** Default: as configured. The server closes them. */
  readonly limits?: CallLimits;
  /** False: no operations port; another process has it, or nobody wants it. Default: as configured. */
  readonly opsPort?: false;
}

export interface RunningServer {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly opsPort: number | undefined;
  readonly ops: Ops;
  readonly residency: Residency;
  readonly trust: TrustFeed;
  readonly apiTokens: ApiTokens;
  /** Says NOT_SERVING, lets calls under way end for at most `shutdownGraceMs`, then closes everything. */
  close(): Promise<void>;
}

/**
 * Builds everything that lives as long as the process, and listens on both ports.
 * @throws STORE_UNAVAILABLE, STORE_UNFIT (the database or its role must not be used as it is), or the error of a port
 * that is taken; whatever was opened is closed again.
 */
export async function startServer(config: Config, deps: ServerDeps = {}): Promise<RunningServer> {
  const log = deps.log ?? createLogger({ level: config.logLevel });
  const now = deps.now ?? Date.now;
  const monotonic = deps.monotonic ?? (() => performance.now());
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const store = deps.store ?? (await openStore(config));
    closers.push(() => store.close());
    const options = deps.residencyOptions;
    const residency = deps.residency ?? openResidency(config, { store, log, monotonic, options });
    closers.push(() => residency.close());
    const credentials = await openTrust(config, { store: store.trust, now, monotonic, log });
    closers.push(credentials.close);
    const { trust, apiTokens } = credentials;
    const own = await openOwnIdentity(config, { store, trust, now, log });
    const ownIssuer = own && { ownIssuer: own.issuer };
    const authenticator = createAuthenticator(config, { now, log, trust, apiTokens, ...ownIssuer });
    closers.push(() => authenticator.close());
    const confirmed = () => trust.stats().ageMs <= config.trustMaxAgeMs;
    const health = createHealth({ ping: () => store.ping(), log, confirmed });
    const requests = createRequestMetrics(API_PROCEDURES, CODES);
    const audit = await openAudit(config, { audit: store.audit, log, now });
    closers.push(() => audit.close());
    const tenantLife = openTenantLife(config, { store, log });
    closers.push(() => tenantLife.close());
    const verbParts = { store, residency, log, now, monotonic };
    const limits = deps.limits ?? createCallLimits(config);
    closers.push(() => limits.close());
    const guard = createCredentialGuard({ ...config, log, monotonic });
    const guarded = guardAuthenticator(authenticator, guard);
    const ownParts = own && { own, authenticator, guard, refusals: audit.refusals, trust };
    const edge = { authenticator: guarded, limits, health, requests, audit, trust, tenantLife };
    const { endpoints, tokens } = buildEndpoints(config, { ...verbParts, ...edge, ownParts });
    closers.push(() => tokens?.close());
    const entrance = openEntrance(config, log);
    closers.push(() => entrance.close());
    const sources = [entrance.collect, limits.collect, guard.collect, audit.collect, credentials.collect];
    const ops = createOps(config, { health, residency, trust, requests, monotonic, sources });
    closers.push(() => ops.stop());
    const opsPort = deps.opsPort === false ? undefined : await openOpsPort(config, ops, log);
    closers.push(() => opsPort?.close());
    const servers = await listen(config, endpoints, {
      authenticator: guarded,
      entrance,
      health,
      log,
      refusals: audit.refusals,
      oauth: tokens?.endpoints,
    });
    const [grpc, http] = servers;
    const ports = { grpcPort: grpc.port, httpPort: http.port, opsPort: opsPort?.port };
    log.info(ports, "serving");
    void warmKeys(authenticator, log);
    const close = once(async () => {
      log.info({ graceMs: config.shutdownGraceMs }, "stopping");
      health.stop();
      await Promise.all(servers.map((server) => server.stop(config.shutdownGraceMs)));
      await closeAll(closers, log);
      log.info({}, "stopped");
    });
    return { ...ports, ops, residency, trust, apiTokens, close };
  } catch (error) {
    await closeAll(closers, log);
    throw error;
  }
}

function openStore(config: Config): Promise<ServingStore> {
  return createPostgresStore({
    connection: { connectionString: config.databaseUrl },
    ...(config.maintenanceDatabaseUrl !== undefined && {
      maintenance: { connectionString: config.maintenanceDatabaseUrl },
    }),
    poolMax: config.databasePoolMax,
    // Beyond the longest deadline nobody waits for the answer.
    statementTimeoutMs: config.maxDeadlineMs,
  });
}

interface Parts {
  readonly authenticator: Pick<Authenticator, "authenticate" | "recall">;
  readonly health: Health;
  readonly log: Logger;
}

function buildEndpoints(
  config: Config,
  parts: Parts &
    Pick<VerbOptions, "residency" | "now"> & {
      readonly monotonic: () => number;
      readonly store: ServingStore;
      readonly requests: RequestMetrics;
      readonly limits: CallLimits;
      readonly audit: Audit;
      readonly trust: TrustFeed;
      readonly tenantLife: TenantLife;
      readonly ownParts: OwnParts | undefined;
    },
): { readonly endpoints: readonly Endpoint[]; readonly tokens: OpenTokenService | undefined } {
  const { authenticator, health, requests, limits, audit, trust, tenantLife, ownParts, ...verbParts } = parts;
  const { store, log, now, monotonic } = verbParts;
  const records = { audit: store.audit, decisions: audit.decisions };
  const verbs = createVerbs({ ...verbParts, ...records, tokenKeys: config.tokenKeys, limits: config });
  const findTenant = createTenantCache(store.tenants, (heard) => void trust.onChange("tenant", heard));
  const { defaultDeadlineMs, maxDeadlineMs } = config;
  const edge = {
    authenticator,
    findTenant,
    log,
    limits,
    requests,
    tally: tenantLife.tally,
    refusals: audit.refusals,
    now,
    defaultDeadlineMs,
    maxDeadlineMs,
  };
  const sealer = createSealer(config.tokenKeys);
  const credentials = createCredentialVerbs({
    ...config,
    store: store.trust,
    sealer,
    trust,
    revocable: revocableIssuers(config.issuers, config.tokenService),
  });
  const tokens =
    ownParts && openTokenService(config, { ...ownParts, store, now, monotonic, log, batchCheck: verbs.batchCheck });
  const groups = { verbs, credentials, clients: tokens?.clients, audit: audit.verbs, tenantLife: tenantLife.verbs };
  return { endpoints: createEndpoints(groups, health, edge), tokens };
}

async function listen(
  config: Config,
  endpoints: readonly Endpoint[],
  parts: Parts & {
    readonly entrance: Entrance;
    readonly refusals: RefusalLog;
    readonly oauth: OAuthEndpoints | undefined;
  },
): Promise<readonly [RpcServer, RpcServer]> {
  const { maxMessageBytes } = config;
  const shared = { ...parts, maxMessageBytes };
  const grpc = await startGrpcServer(endpoints, { ...shared, host: config.grpcHost, port: config.grpcPort });
  try {
    const http = await startHttpServer(endpoints, { ...shared, host: config.httpHost, port: config.httpPort });
    return [grpc, http];
  } catch (error) {
    await grpc.stop(0);
    throw error;
  }
}

/** The first callers should not wait for keys; an issuer that is down does not keep the server from starting. */
async function warmKeys(authenticator: Authenticator, log: Logger): Promise<void> {
  const unreached = await authenticator.warm();
  if (unreached.length > 0) log.warn({ issuers: unreached }, "the keys of these issuers could not be fetched yet");
}

/** In the reverse order of opening; one that fails does not keep the others open. */
async function closeAll(closers: (() => Promise<void> | void)[], log: Logger): Promise<void> {
  for (const close of closers.splice(0).toReversed()) {
    try {
      await close();
    } catch (error) {
      log.warn({ error: String(error) }, "could not close cleanly");
    }
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}
