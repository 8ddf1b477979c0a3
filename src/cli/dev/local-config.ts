import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Config, loadConfig } from "../../config.ts";
import type { EmbeddedPostgres } from "../../storage/embedded/launch.ts";
import { DEV_AUDIENCE, type LocalIssuer, TOKEN_LIFETIME_S } from "./issuer.ts";
import { keptPrivately } from "./private-file.ts";
import { DEMO_TENANT, DEV_SUBJECT, OPERATOR_SUBJECT } from "./token-files.ts";

/** The roles the service runs as, and moves and removes tenants as; `migrate` makes them. */
const APP_ROLE = "relata_app";
const MAINTENANCE_ROLE = "relata_maintenance";
const CREDENTIAL_SCOPES = ["credentials:read", "credentials:write", "audit:read"] as const;
const TENANT_SCOPES = [
  ...(["check", "tuples:read", "tuples:write", "schema:read", "schema:write"] as const),
  ...CREDENTIAL_SCOPES,
] as const;
const PLATFORM_SCOPES = ["tenants:read", "tenants:write", ...CREDENTIAL_SCOPES] as const;

export interface LocalConfigInput {
  readonly dataDir: string;
  readonly postgres: EmbeddedPostgres;
  readonly issuer: LocalIssuer;
  readonly grpcPort: number;
  /** Never 0: it is part of the name of the token service, and of what its tokens say. */
  readonly httpPort: number;
}

/** The configuration `relata serve` would need for the embedded database and the local issuer, through the same checks. */
export async function localConfig(input: LocalConfigInput): Promise<Config> {
  const { issuer } = input.issuer;
  const tokenKeys = await keptPrivately(join(input.dataDir, "token-keys.json"), async () => [
    { id: "dev", secret: randomBytes(33).toString("base64") },
  ]);
  const auditKeys = await keptPrivately(join(input.dataDir, "audit-keys.json"), async () => [
    { id: "dev", privateKey: randomBytes(32).toString("base64") },
  ]);
  const settings = {
    databaseUrl: socketUrl(input.postgres, APP_ROLE),
    maintenanceDatabaseUrl: socketUrl(input.postgres, MAINTENANCE_ROLE),
    grpcHost: "127.0.0.1",
    grpcPort: input.grpcPort,
    httpHost: "127.0.0.1",
    httpPort: input.httpPort,
    tokenKeys,
    auditKeys,
    tokenService: {
      issuer: `http://127.0.0.1:${input.httpPort}`,
      audience: DEV_AUDIENCE,
      scopes: TENANT_SCOPES,
    },
    issuers: [
      {
        issuer,
        profile: "oauth",
        keys: { kind: "discovery" },
        algorithms: ["ES256"],
        audiences: [DEV_AUDIENCE],
        tenant: { kind: "bindings" },
        scopes: [...new Set([...TENANT_SCOPES, ...PLATFORM_SCOPES])],
        maxLifetimeMs: TOKEN_LIFETIME_S * 1000,
      },
    ],
    bindings: [
      { issuer, subject: DEV_SUBJECT, tenants: [DEMO_TENANT], scopes: TENANT_SCOPES },
      { issuer, subject: OPERATOR_SUBJECT, platform: true, scopes: PLATFORM_SCOPES },
    ],
    logLevel: "warn",
  };
  // JSON is YAML.
  return loadConfig({ text: JSON.stringify(settings), file: "relata dev", env: {} });
}

/** Over the Unix socket that only this account (and root) can reach. */
function socketUrl({ connection }: EmbeddedPostgres, user: string): string {
  return `postgres://${user}@/${connection.database}?host=${encodeURIComponent(connection.host)}&port=${connection.port}`;
}
