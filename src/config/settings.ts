import { z } from "zod";
import { auditKeysSetting, DECISION_POLICIES, sampleRateSetting } from "./audit-settings.ts";
import { cidrsSetting } from "./cidr-setting.ts";
import { burst, concurrency, count, host, path, postgresUrl, rate, size, time } from "./setting-kinds.ts";
import { TLS_CLIENT_AUTH } from "./tls-files.ts";
import { tokenServiceSetting } from "./token-service-settings.ts";
import { bindingsSetting, issuersSetting, oneOf, show, slugsSetting, tokenKeysSetting } from "./trust-settings.ts";

/** How a setting is written: decides how an environment variable is read and what the table says. */
export type SettingType = "text" | "secret" | "number" | "duration" | "size" | "name" | "list" | "path";

interface Setting<T> {
  readonly type: SettingType;
  /** Environment variables, the first one set wins. */
  readonly env: readonly string[];
  /** As an operator would write it; undefined when there is no default. */
  readonly default: string | number | undefined;
  readonly unit: string;
  readonly meaning: string;
  readonly schema: z.ZodType<T>;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Every setting of relata, in the order of the README's table. The key is the name in the configuration file. */
export const SETTINGS = {
  databaseUrl: {
    type: "secret",
    env: ["RELATA_DATABASE_URL", "DATABASE_URL"],
    default: undefined,
    unit: "",
    meaning: "Postgres address of the application role, which owns nothing and cannot bypass row security.",
    schema: postgresUrl(),
  },
  migrationDatabaseUrl: {
    type: "secret",
    env: ["RELATA_MIGRATION_DATABASE_URL"],
    default: undefined,
    unit: "",
    meaning: "Postgres address of the role that owns the tables; used by `relata migrate` only.",
    schema: postgresUrl(),
  },
  maintenanceDatabaseUrl: {
    type: "secret",
    env: ["RELATA_MAINTENANCE_DATABASE_URL"],
    default: undefined,
    unit: "",
    meaning:
      "Postgres address of the maintenance role, which moves and removes tenants. Left out: this process does neither.",
    schema: postgresUrl().optional(),
  },
  databasePoolMax: count(
    "RELATA_DATABASE_POOL_MAX",
    10,
    1,
    1_000,
    "connections",
    "Most Postgres connections of one process for writes and long reads. Ten more read and follow changes.",
  ),
  grpcHost: host("RELATA_GRPC_HOST", "Address the gRPC port listens on; `0.0.0.0` or `::` for every interface."),
  grpcPort: count("RELATA_GRPC_PORT", 50051, 0, 65_535, "port", "Native gRPC. 0 takes any free port."),
  httpHost: host("RELATA_HTTP_HOST", "Address the HTTP port listens on."),
  httpPort: count("RELATA_HTTP_PORT", 8080, 0, 65_535, "port", "Connect, gRPC-Web and JSON. 0 takes any free port."),
  opsHost: host("RELATA_OPS_HOST", "Address the operations port listens on."),
  opsPort: count("RELATA_OPS_PORT", 9090, 0, 65_535, "port", "Metrics and readiness. 0 takes any free port."),
  tlsCertFile: path(
    "RELATA_TLS_CERT_FILE",
    "Certificate of both ports in PEM, with its chain. Without it they speak clear text. Read again when it changes.",
  ),
  tlsKeyFile: path("RELATA_TLS_KEY_FILE", "The certificate's private key in PEM."),
  tlsClientCaFile: path("RELATA_TLS_CLIENT_CA_FILE", "Authorities that vouch for callers' certificates, in PEM."),
  tlsClientAuth: {
    type: "name",
    env: ["RELATA_TLS_CLIENT_AUTH"],
    default: "none",
    unit: "",
    meaning: "Callers' certificates: `none`, `request` (may be shown, must be good then) or `require`.",
    schema: oneOf(TLS_CLIENT_AUTH),
  },
  trustedProxies: {
    type: "list",
    env: ["RELATA_TRUSTED_PROXIES"],
    default: "[]",
    unit: "",
    meaning:
      "Addresses or CIDRs whose `x-forwarded-for` is believed; the caller is its rightmost address that is none of them.",
    schema: cidrsSetting,
  },
  maxConnections: count(
    "RELATA_MAX_CONNECTIONS",
    10_000,
    1,
    1_000_000,
    "connections",
    "Most connections of one process, both ports together. One address gets as many as are left for all others.",
  ),
  principalRate: rate(
    "RELATA_PRINCIPAL_RATE",
    "Work of one principal on one process: a call is 1, each further item of a BatchCheck or Write 1.",
  ),
  principalBurst: burst("RELATA_PRINCIPAL_BURST", "How much of it at once."),
  tenantRate: rate("RELATA_TENANT_RATE", "The same for all principals of a tenant together."),
  tenantBurst: burst("RELATA_TENANT_BURST", "How much of it at once."),
  principalConcurrency: concurrency(
    "RELATA_PRINCIPAL_CONCURRENCY",
    "Most calls of one principal under way at once on one process.",
  ),
  tenantConcurrency: concurrency(
    "RELATA_TENANT_CONCURRENCY",
    "Most calls of one tenant under way at once on one process.",
  ),
  refusedCredentialRate: count(
    "RELATA_REFUSED_CREDENTIAL_RATE",
    50,
    0,
    1_000_000,
    "per second",
    "Refused credentials from one address, ten seconds' worth at once; beyond it new ones from there are refused unseen. 0: no limit.",
  ),
  workers: count(
    "RELATA_WORKERS",
    1,
    1,
    256,
    "processes",
    "Processes behind the same ports, each with memory and database connections of its own. One per core at most.",
  ),
  tokenKeys: {
    type: "list",
    env: ["RELATA_TOKEN_KEYS"],
    default: undefined,
    unit: "",
    meaning:
      "`[{ id, secret }]`: HMAC keys of consistency tokens and cursors, each secret at least 32 bytes. The first signs, all verify.",
    schema: tokenKeysSetting,
  },
  issuers: {
    type: "list",
    env: ["RELATA_ISSUERS"],
    default: undefined,
    unit: "",
    meaning: "Whose tokens prove callers: issuer, profile, keys, algorithms, audiences, tenant, scopes.",
    schema: issuersSetting,
  },
  bindings: {
    type: "list",
    env: ["RELATA_BINDINGS"],
    default: "[]",
    unit: "",
    meaning: "Ties an issuer's subjects to tenants and scopes: issuer, subject, tenants or platform, scopes.",
    schema: bindingsSetting,
  },
  tokenService: {
    type: "list",
    env: ["RELATA_TOKEN_SERVICE"],
    default: undefined,
    unit: "",
    meaning:
      "`{ issuer, audience, scopes, exchange }`: relata's own OAuth 2.0 token service on the HTTP port. Without it there is none.",
    schema: tokenServiceSetting,
  },
  auditKeys: {
    type: "list",
    env: ["RELATA_AUDIT_KEYS"],
    default: "[]",
    unit: "",
    meaning:
      "`[{ id, privateKey }]`: Ed25519 keys, 32 bytes in base64, that sign heads of the audit. The first signs, all are believed.",
    schema: auditKeysSetting,
  },
  decisionLog: {
    type: "name",
    env: ["RELATA_DECISION_LOG"],
    default: "off",
    unit: "",
    meaning: "Which answers of Check and BatchCheck are logged: `off`, `denied`, `sampled` or `all`.",
    schema: oneOf(DECISION_POLICIES),
  },
  decisionSampleRate: {
    type: "number",
    env: ["RELATA_DECISION_SAMPLE_RATE"],
    default: 0.01,
    unit: "share",
    meaning: "Of all answers, the share that `sampled` logs.",
    schema: sampleRateSetting,
  },
  maxStalenessMs: time("RELATA_MAX_STALENESS_MS", 1_000, 0, HOUR_MS, "How old a `minimize_latency` answer may be."),
  tokenWaitMs: time(
    "RELATA_TOKEN_WAIT_MS",
    50,
    0,
    MINUTE_MS,
    "How long a request waits for memory to reach the revision it must see, before Postgres is read.",
  ),
  residentBytes: size(
    "RELATA_RESIDENT_BYTES",
    GIB,
    1024 * GIB,
    "Memory for whole tenants, all together; those unused longest leave. 0 keeps none in memory.",
    0,
  ),
  cacheBytes: size(
    "RELATA_CACHE_BYTES",
    64 * MIB,
    1024 * GIB,
    "Memory for tuples read of tenants that are not whole in memory. 0 keeps none.",
    0,
  ),
  warmTenants: {
    type: "list",
    env: ["RELATA_WARM_TENANTS"],
    default: "[]",
    unit: "",
    meaning: "Slugs of tenants that are brought into memory at the start, in this order.",
    schema: slugsSetting,
  },
  pollIntervalMs: time(
    "RELATA_POLL_INTERVAL_MS",
    250,
    10,
    MINUTE_MS,
    "How often the newest revisions of tenants in use are read, in one query. Well below `maxStalenessMs`.",
  ),
  trustMaxAgeMs: time(
    "RELATA_TRUST_MAX_AGE_MS",
    2_000,
    500,
    MINUTE_MS,
    "Within this time every process has heard of a revocation, or lets nobody in.",
  ),
  maxRevocations: count(
    "RELATA_MAX_REVOCATIONS",
    200_000,
    1_000,
    2_000_000,
    "revocations",
    "Of JWTs, live at a time; each process keeps all of them in memory, 100,000 in 10 to 14 MB. Beyond it RevokeJwt is refused.",
  ),
  apiTokenEnv: {
    type: "name",
    env: ["RELATA_API_TOKEN_ENV"],
    default: "live",
    unit: "",
    meaning: "Label of new API tokens, `rlt_live_…`: tells people and secret scanners where one belongs.",
    schema: z
      .string({ error: ({ input }) => `expected 1 to 16 lower-case letters or digits, found ${show(input)}` })
      .regex(/^[a-z0-9]{1,16}$/, "expected 1 to 16 lower-case letters or digits"),
  },
  residentWindowMs: time(
    "RELATA_RESIDENT_WINDOW_MS",
    MINUTE_MS,
    1_000,
    HOUR_MS,
    "How long past revisions can be answered from memory; beyond that Postgres is read.",
  ),
  readableWindowMs: time(
    "RELATA_READABLE_WINDOW_MS",
    24 * HOUR_MS,
    MINUTE_MS,
    365 * 24 * HOUR_MS,
    "How long past revisions stay readable; an older consistency token is refused.",
  ),
  defaultDeadlineMs: time(
    "RELATA_DEFAULT_DEADLINE_MS",
    5_000,
    1,
    HOUR_MS,
    "Time for a request that brings no deadline; streams have `maxDeadlineMs` then.",
  ),
  maxDeadlineMs: time("RELATA_MAX_DEADLINE_MS", MINUTE_MS, 1, HOUR_MS, "Most time a request may ask for."),
  maxMessageBytes: size("RELATA_MAX_MESSAGE_BYTES", 4 * MIB, 64 * MIB, "Largest request message."),
  maxUpdatesPerWrite: count("RELATA_MAX_UPDATES_PER_WRITE", 1_000, 1, 100_000, "updates", "Most updates of one Write."),
  maxPreconditions: count(
    "RELATA_MAX_PRECONDITIONS",
    1_000,
    0,
    100_000,
    "preconditions",
    "Most preconditions of one Write or Delete.",
  ),
  maxBatchItems: count("RELATA_MAX_BATCH_ITEMS", 1_000, 1, 100_000, "items", "Most questions of one BatchCheck."),
  maxReadPage: count("RELATA_MAX_READ_PAGE", 1_000, 1, 100_000, "tuples", "Tuples fetched at a time by Read."),
  maxDelete: count("RELATA_MAX_DELETE", 1_000, 1, 100_000, "tuples", "Most tuples of one Delete."),
  maxNodes: count(
    "RELATA_MAX_NODES",
    100_000,
    1,
    100_000_000,
    "problems",
    "Objects and relations one evaluation may visit.",
  ),
  maxRows: count("RELATA_MAX_ROWS", 100_000, 1, 100_000_000, "tuples", "Tuples one evaluation may read."),
  maxLookupRows: count(
    "RELATA_MAX_LOOKUP_ROWS",
    1_000_000,
    1,
    100_000_000,
    "tuples",
    "Tuples LookupResources may meet between the subject and the results: groups, folders. Some 150 bytes of memory each.",
  ),
  maxSchemaBytes: size("RELATA_MAX_SCHEMA_BYTES", 4 * MIB, 64 * MIB, "Largest schema text."),
  maxTokenBytes: size("RELATA_MAX_TOKEN_BYTES", 16 * KIB, 1 * MIB, "Largest bearer token."),
  metadataMaxBytes: size("RELATA_METADATA_MAX_BYTES", 65_000, 1 * MIB, "Largest `metadata` of a Write, as JSON."),
  maxContextualTuples: count(
    "RELATA_MAX_CONTEXTUAL_TUPLES",
    100,
    0,
    10_000,
    "tuples",
    "Most contextual tuples of one request.",
  ),
  maxContextBytes: size("RELATA_MAX_CONTEXT_BYTES", 64 * KIB, 4 * MIB, "Largest `context` of a question, as JSON."),
  maxCaveatContextBytes: size(
    "RELATA_MAX_CAVEAT_CONTEXT_BYTES",
    25_000,
    1 * MIB,
    "Largest context a tuple carries for its caveat, as JSON.",
  ),
  maxCandidates: count("RELATA_MAX_CANDIDATES", 10_000, 1, 1_000_000, "ids", "Most `candidate_ids` of one lookup."),
  maxExpandNodes: count("RELATA_MAX_EXPAND_NODES", 1_000, 1, 100_000, "nodes", "Most nodes of one Expand page."),
  logLevel: {
    type: "name",
    env: ["RELATA_LOG_LEVEL"],
    default: "info",
    unit: "",
    meaning: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.",
    schema: oneOf(["trace", "debug", "info", "warn", "error", "fatal", "silent"]),
  },
  shutdownGraceMs: time(
    "RELATA_SHUTDOWN_GRACE_MS",
    10_000,
    0,
    HOUR_MS,
    "Time running requests get to finish after SIGTERM.",
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Default values are checked by the same schemas as an operator's. */
export type SettingValues = {
  readonly [K in SettingName]: (typeof SETTINGS)[K]["schema"] extends z.ZodType<infer T> ? T : never;
};
