import { readdirSync } from "node:fs";
import type { DescService } from "@bufbuild/protobuf";

/** Written out by hand and shared with nothing: what the code believes about itself is what is tested against it. */
export interface Row {
  readonly scope: string;
  readonly kind: "tenant" | "platform" | "either";
}

const tenant = (scope: string): Row => ({ scope, kind: "tenant" });
const platform = (scope: string): Row => ({ scope, kind: "platform" });
const either = (scope: string): Row => ({ scope, kind: "either" });

/** Who may call what: with this scope, as a principal of a tenant, of the platform, or either. */
export const TABLE: Readonly<Record<string, Row>> = {
  "relata.v1.AuthorizationService/Check": tenant("check"),
  "relata.v1.AuthorizationService/BatchCheck": tenant("check"),
  "relata.v1.AuthorizationService/LookupResources": tenant("check"),
  "relata.v1.AuthorizationService/LookupSubjects": tenant("check"),
  "relata.v1.AuthorizationService/Expand": tenant("tuples:read"),
  "relata.v1.TupleService/Write": tenant("tuples:write"),
  "relata.v1.TupleService/Delete": tenant("tuples:write"),
  "relata.v1.TupleService/Read": tenant("tuples:read"),
  "relata.v1.TupleService/Export": tenant("tuples:read"),
  "relata.v1.SchemaService/Write": tenant("schema:write"),
  "relata.v1.SchemaService/Read": tenant("schema:read"),
  "relata.v1.SchemaService/Validate": tenant("schema:read"),
  "relata.v1.SchemaService/Diff": tenant("schema:read"),
  "relata.v1.TenantService/Create": platform("tenants:write"),
  "relata.v1.TenantService/Get": platform("tenants:read"),
  "relata.v1.TenantService/List": platform("tenants:read"),
  "relata.v1.TenantService/Suspend": platform("tenants:write"),
  "relata.v1.TenantService/Resume": platform("tenants:write"),
  "relata.v1.TenantService/Move": platform("tenants:write"),
  "relata.v1.TenantService/Delete": platform("tenants:write"),
  "relata.v1.TenantService/Usage": platform("tenants:read"),
  "relata.v1.CredentialService/CreateApiToken": tenant("credentials:write"),
  "relata.v1.CredentialService/ListApiTokens": tenant("credentials:read"),
  "relata.v1.CredentialService/RotateApiToken": tenant("credentials:write"),
  "relata.v1.CredentialService/RevokeApiToken": tenant("credentials:write"),
  "relata.v1.CredentialService/GetApiTokenPolicy": tenant("credentials:read"),
  "relata.v1.CredentialService/SetApiTokenPolicy": tenant("credentials:write"),
  "relata.v1.CredentialService/RevokeJwt": platform("credentials:write"),
  "relata.v1.CredentialService/ListRevocations": platform("credentials:read"),
  "relata.v1.CredentialService/PutBinding": platform("credentials:write"),
  "relata.v1.CredentialService/ListBindings": platform("credentials:read"),
  "relata.v1.CredentialService/DeleteBinding": platform("credentials:write"),
  "relata.v1.ClientService/CreateClient": tenant("credentials:write"),
  "relata.v1.ClientService/ListClients": tenant("credentials:read"),
  "relata.v1.ClientService/RotateClientSecret": tenant("credentials:write"),
  "relata.v1.ClientService/DeleteClient": tenant("credentials:write"),
  "relata.v1.ClientService/ListSigningKeys": platform("credentials:read"),
  "relata.v1.ClientService/RotateSigningKey": platform("credentials:write"),
  "relata.v1.AuditService/Query": either("audit:read"),
  "relata.v1.AuditService/QueryDecisions": tenant("audit:read"),
  "relata.v1.AuditService/Verify": either("audit:read"),
  "relata.v1.AuditService/Export": either("audit:read"),
  "relata.v1.AuditService/Head": either("audit:read"),
};

/** Scopes, written out by hand as well. */
export const ALL_SCOPES = [
  ...["check", "tuples:read", "tuples:write", "schema:read", "schema:write"],
  ...["tenants:read", "tenants:write", "credentials:read", "credentials:write", "audit:read"],
];

/** A set of scopes by its name: one alone, `none`, `all`, or `all but …`. */
export const SCOPE_SETS: ReadonlyMap<string, readonly string[]> = new Map([
  ["none", []],
  ["all", ALL_SCOPES],
  ...ALL_SCOPES.map((scope): [string, readonly string[]] => [scope, [scope]]),
  ...ALL_SCOPES.map((scope): [string, readonly string[]] => [`all but ${scope}`, without(scope)]),
]);

function without(scope: string): readonly string[] {
  return ALL_SCOPES.filter((other) => other !== scope);
}

const GENERATED = new URL("../../src/gen/relata/v1/", import.meta.url);

/** Every service of the generated code, served or not. */
export async function generatedServices(): Promise<readonly DescService[]> {
  const modules = readdirSync(GENERATED).filter((name) => name.endsWith("_pb.ts"));
  const exported = await Promise.all(modules.map((name) => import(new URL(name, GENERATED).href)));
  return exported.flatMap((module) => Object.values(module as object).filter(isService));
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && (value as { readonly kind?: unknown }).kind === "service";
}
