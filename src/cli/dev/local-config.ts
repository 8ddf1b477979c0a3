import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Config, loadConfig } from "../../config.ts";
import type { EmbeddedPostgres } from "../../storage/embedded/launch.ts";
import { DEV_AUDIENCE, type LocalIssuer, TOKEN_LIFETIME_S } from "./issuer.ts";
import { keptPrivately } from "./private-file.ts";
import { DEMO_TENANT, DEV_SUBJECT, OPERATOR_SUBJECT } from "./token-files.ts";

/** The role the service runs as; `migrate` makes it. */
const APP_ROLE = "relata_app";
const TENANT_SCOPES = ["check", "tuples:read", "tuples:write", "schema:read", "schema:write"] as const;

export interface LocalConfigInput {
  readonly dataDir: string;
  readonly postgres: EmbeddedPostgres;
  readonly issuer: LocalIssuer;
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** The configuration `relata serve` would need for the embedded database and the local issuer, through the same checks. */
export async function localConfig(input: LocalConfigInput): Promise<Config> {
  const { issuer } = input.issuer;
  const tokenKeys = await keptPrivately(join(input.dataDir, "token-keys.json"), async () => [
    { id: "dev", secret: randomBytes(33).toString("base64") },
  ]);
  const settings = {
    databaseUrl: socketUrl(input.postgres, APP_ROLE),
    grpcHost: "127.0.0.1",
    grpcPort: input.grpcPort,
    httpHost: "127.0.0.1",
    httpPort: input.httpPort,
    tokenKeys,
    issuers: [
      {
        issuer,
        profile: "oauth",
        keys: { kind: "discovery" },
        algorithms: ["ES256"],
        audiences: [DEV_AUDIENCE],
        tenant: { kind: "bindings" },
        scopes: [...TENANT_SCOPES, "tenants:read", "tenants:write"],
        maxLifetimeMs: TOKEN_LIFETIME_S * 1000,
      },
    ],
    bindings: [
      { issuer, subject: DEV_SUBJECT, tenants: [DEMO_TENANT], scopes: TENANT_SCOPES },
      { issuer, subject: OPERATOR_SUBJECT, platform: true, scopes: ["tenants:read", "tenants:write"] },
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
