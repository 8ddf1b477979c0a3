import type { AuditService } from "../gen/relata/v1/audit_service_pb.ts";
import type { AuthorizationService } from "../gen/relata/v1/authorization_service_pb.ts";
import type { ClientService } from "../gen/relata/v1/client_service_pb.ts";
import type { CredentialService } from "../gen/relata/v1/credential_service_pb.ts";
import type { SchemaService } from "../gen/relata/v1/schema_service_pb.ts";
import type { TenantService } from "../gen/relata/v1/tenant_service_pb.ts";
import type { TupleService } from "../gen/relata/v1/tuple_service_pb.ts";
import type { Scope } from "../model/scope.ts";

/**
 * Who may call a method: a principal of a tenant with the scope, a platform principal with the scope, either of them (the one
 * in its tenant, the other in none), or anybody. A method that is not in the table is refused.
 */
export type MethodAccess =
  | { readonly kind: "tenant"; readonly scope: Scope }
  | { readonly kind: "platform"; readonly scope: Scope }
  | { readonly kind: "either"; readonly scope: Scope }
  | { readonly kind: "public" };

type MethodsOf<Service extends { readonly method: object }> = Capitalize<keyof Service["method"] & string>;

/** Every method of proto/relata/v1, read off the generated code: a new one does not compile until it has a scope. */
type RelataMethod =
  | `relata.v1.AuditService/${MethodsOf<typeof AuditService>}`
  | `relata.v1.AuthorizationService/${MethodsOf<typeof AuthorizationService>}`
  | `relata.v1.TupleService/${MethodsOf<typeof TupleService>}`
  | `relata.v1.SchemaService/${MethodsOf<typeof SchemaService>}`
  | `relata.v1.TenantService/${MethodsOf<typeof TenantService>}`
  | `relata.v1.CredentialService/${MethodsOf<typeof CredentialService>}`
  | `relata.v1.ClientService/${MethodsOf<typeof ClientService>}`;

/** Services of others that answer without a credential: they say nothing about any tenant. */
type PublicMethod =
  | "grpc.health.v1.Health/Check"
  | "grpc.health.v1.Health/List"
  | "grpc.health.v1.Health/Watch"
  | "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
  | "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

export const METHOD_SCOPES = {
  "relata.v1.AuthorizationService/Check": { kind: "tenant", scope: "check" },
  "relata.v1.AuthorizationService/BatchCheck": { kind: "tenant", scope: "check" },
  "relata.v1.AuthorizationService/LookupResources": { kind: "tenant", scope: "check" },
  "relata.v1.AuthorizationService/LookupSubjects": { kind: "tenant", scope: "check" },
  // Decides nothing and shows tuples as they are stored, with their caveats' contexts.
  "relata.v1.AuthorizationService/Expand": { kind: "tenant", scope: "tuples:read" },
  "relata.v1.TupleService/Write": { kind: "tenant", scope: "tuples:write" },
  "relata.v1.TupleService/Delete": { kind: "tenant", scope: "tuples:write" },
  "relata.v1.TupleService/Read": { kind: "tenant", scope: "tuples:read" },
  "relata.v1.TupleService/Export": { kind: "tenant", scope: "tuples:read" },
  "relata.v1.SchemaService/Write": { kind: "tenant", scope: "schema:write" },
  "relata.v1.SchemaService/Read": { kind: "tenant", scope: "schema:read" },
  "relata.v1.SchemaService/Validate": { kind: "tenant", scope: "schema:read" },
  "relata.v1.SchemaService/Diff": { kind: "tenant", scope: "schema:read" },
  "relata.v1.TenantService/Create": { kind: "platform", scope: "tenants:write" },
  "relata.v1.TenantService/Get": { kind: "platform", scope: "tenants:read" },
  "relata.v1.TenantService/List": { kind: "platform", scope: "tenants:read" },
  "relata.v1.TenantService/Suspend": { kind: "platform", scope: "tenants:write" },
  "relata.v1.TenantService/Resume": { kind: "platform", scope: "tenants:write" },
  "relata.v1.TenantService/Move": { kind: "platform", scope: "tenants:write" },
  "relata.v1.TenantService/Delete": { kind: "platform", scope: "tenants:write" },
  "relata.v1.TenantService/Usage": { kind: "platform", scope: "tenants:read" },
  "relata.v1.CredentialService/CreateApiToken": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.CredentialService/ListApiTokens": { kind: "tenant", scope: "credentials:read" },
  "relata.v1.CredentialService/RotateApiToken": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.CredentialService/RevokeApiToken": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.CredentialService/GetApiTokenPolicy": { kind: "tenant", scope: "credentials:read" },
  "relata.v1.CredentialService/SetApiTokenPolicy": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.CredentialService/RevokeJwt": { kind: "platform", scope: "credentials:write" },
  "relata.v1.CredentialService/ListRevocations": { kind: "platform", scope: "credentials:read" },
  "relata.v1.CredentialService/PutBinding": { kind: "platform", scope: "credentials:write" },
  "relata.v1.CredentialService/ListBindings": { kind: "platform", scope: "credentials:read" },
  "relata.v1.CredentialService/DeleteBinding": { kind: "platform", scope: "credentials:write" },
  "relata.v1.ClientService/CreateClient": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.ClientService/ListClients": { kind: "tenant", scope: "credentials:read" },
  "relata.v1.ClientService/RotateClientSecret": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.ClientService/DeleteClient": { kind: "tenant", scope: "credentials:write" },
  "relata.v1.ClientService/ListSigningKeys": { kind: "platform", scope: "credentials:read" },
  "relata.v1.ClientService/RotateSigningKey": { kind: "platform", scope: "credentials:write" },
  "relata.v1.AuditService/Query": { kind: "either", scope: "audit:read" },
  "relata.v1.AuditService/QueryDecisions": { kind: "tenant", scope: "audit:read" },
  "relata.v1.AuditService/Verify": { kind: "either", scope: "audit:read" },
  "relata.v1.AuditService/Export": { kind: "either", scope: "audit:read" },
  "relata.v1.AuditService/Head": { kind: "either", scope: "audit:read" },
  "grpc.health.v1.Health/Check": { kind: "public" },
  "grpc.health.v1.Health/List": { kind: "public" },
  "grpc.health.v1.Health/Watch": { kind: "public" },
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": { kind: "public" },
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": { kind: "public" },
} as const satisfies Record<RelataMethod | PublicMethod, MethodAccess>;

/**
 * @param method full name, `package.Service/Method`, with or without the slash that gRPC puts in front
 * @returns undefined for a method nobody has given a scope: refuse it
 */
export function methodAccess(method: string): MethodAccess | undefined {
  const name = method.startsWith("/") ? method.slice(1) : method;
  return Object.hasOwn(METHOD_SCOPES, name) ? METHOD_SCOPES[name as keyof typeof METHOD_SCOPES] : undefined;
}
