import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { Health as HealthService } from "../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaReflection } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { AuditService } from "../gen/relata/v1/audit_service_pb.ts";
import { AuthorizationService } from "../gen/relata/v1/authorization_service_pb.ts";
import { ClientService } from "../gen/relata/v1/client_service_pb.ts";
import { CredentialService } from "../gen/relata/v1/credential_service_pb.ts";
import { SchemaService } from "../gen/relata/v1/schema_service_pb.ts";
import { TenantService } from "../gen/relata/v1/tenant_service_pb.ts";
import { TupleService } from "../gen/relata/v1/tuple_service_pb.ts";
import type { AuditVerbs } from "../service/audit/verbs.ts";
import type { CredentialVerbs } from "../service/credentials/verbs.ts";
import type { TenantLifeVerbs } from "../service/tenant-life/verbs.ts";
import type { ClientVerbs } from "../service/token-service/client-verbs.ts";
import type { Verbs } from "../service/verbs.ts";
import { compose, type Pipeline, procedureOf } from "./edge-call.ts";
import type { Health } from "./health.ts";
import { guardedInterceptors, type InterceptorOptions, openInterceptors } from "./interceptors.ts";
import { createReflection } from "./reflection.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authorizationRoutes } from "./routes/authorization.ts";
import { clientRoutes } from "./routes/clients.ts";
import { credentialRoutes } from "./routes/credentials.ts";
import { healthRoutes } from "./routes/health.ts";
import { reflectionRoutes } from "./routes/reflection.ts";
import type { Route } from "./routes/route.ts";
import { schemaRoutes } from "./routes/schemas.ts";
import { tenantRoutes } from "./routes/tenants.ts";
import { tupleRoutes } from "./routes/tuples.ts";

/** A method with all that happens on the way to it. */
export interface Endpoint {
  readonly route: Route;
  readonly pipeline: Pipeline;
}

/** The API of relata itself; the isolation test walks it method by method. */
export const API_SERVICES = [
  AuthorizationService,
  TupleService,
  SchemaService,
  TenantService,
  CredentialService,
  ClientService,
  AuditService,
] as const;

/** `relata.v1.AuthorizationService/Check` and so on. */
export const API_PROCEDURES: readonly string[] = API_SERVICES.flatMap(({ methods }) => methods.map(procedureOf));

const SERVICES = [...API_SERVICES, HealthService, ServerReflection, AlphaReflection];

/** What is served, in groups: each service of the API has the verbs of one. */
export interface VerbGroups {
  readonly verbs: Verbs;
  readonly credentials: CredentialVerbs;
  readonly tenantLife: TenantLifeVerbs;
  /** Undefined where there is no token service. */
  readonly clients?: ClientVerbs | undefined;
  readonly audit: AuditVerbs;
}

/** Everything both ports serve. */
export function createEndpoints(groups: VerbGroups, health: Health, options: InterceptorOptions): readonly Endpoint[] {
  const { verbs, credentials, clients, audit, tenantLife } = groups;
  const guarded = guardedInterceptors(options);
  const open = openInterceptors(options);
  const routes = [
    ...authorizationRoutes(verbs),
    ...tupleRoutes(verbs),
    ...schemaRoutes(verbs),
    ...tenantRoutes(verbs, tenantLife),
    ...credentialRoutes(credentials),
    ...clientRoutes(clients),
    ...auditRoutes(audit),
    ...healthRoutes(health, new Set(SERVICES.map(({ typeName }) => typeName))),
    ...reflectionRoutes(createReflection(SERVICES, [file_google_rpc_error_details]), health.stopping),
  ];
  return routes.map((route) => ({ route, pipeline: compose(route.open ? open : guarded, route.run) }));
}
