import { randomUUID, X509Certificate } from "node:crypto";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { AuditService } from "../gen/relata/v1/audit_service_pb.ts";
import { AuthorizationService, type TreeNode } from "../gen/relata/v1/authorization_service_pb.ts";
import { ClientService } from "../gen/relata/v1/client_service_pb.ts";
import { CredentialService } from "../gen/relata/v1/credential_service_pb.ts";
import { SchemaService } from "../gen/relata/v1/schema_service_pb.ts";
import { TenantService } from "../gen/relata/v1/tenant_service_pb.ts";
import { TupleService } from "../gen/relata/v1/tuple_service_pb.ts";
import { type ExpandQuestion, expandNodes } from "./expand-nodes.ts";
import { type CallOptions, createServiceClient, type ServiceClient } from "./service-client.ts";

// Of the package, programs see this one module: with it comes what they compare answers with and put into requests.
export {
  Decision,
  ExpandRequest_Depth,
  type TreeNode,
  TreeNode_Kind,
} from "../gen/relata/v1/authorization_service_pb.ts";
export { Precondition_Expect } from "../gen/relata/v1/core_pb.ts";
export { ApiTokenState } from "../gen/relata/v1/credential_service_pb.ts";
export { Diagnostic_Severity } from "../gen/relata/v1/schema_service_pb.ts";
export { TupleUpdate_Operation } from "../gen/relata/v1/tuple_service_pb.ts";
export { CallError } from "./call-error.ts";

/** PEM all of it. */
export interface ClientTls {
  /** Whom to trust instead of Node's own list. */
  readonly rootCertificates?: Uint8Array;
  /** What this client proves itself with, the certificate's issuers behind it. */
  readonly identity?: { readonly certificate: Uint8Array; readonly privateKey: Uint8Array };
}

export interface RelataClientOptions {
  /** `host:port` of the gRPC port. */
  readonly address: string;
  /** The caller's access token, or where to get it for each call, so that it can be renewed. */
  readonly token: string | (() => string | Promise<string>);
  /** Slug; needed when the caller is bound to several tenants. */
  readonly tenant?: string;
  /** True for TLS with Node's own list of authorities. Clear text by default: the token is there for all on the way to read. */
  readonly tls?: boolean | ClientTls;
  /** Of calls that bring none. Default 30,000, for streams 60,000. */
  readonly timeoutMs?: number;
  /** Largest answer; default 64 MiB. */
  readonly maxMessageBytes?: number;
}

/** relata over gRPC, typed by the API's own descriptors. One client holds one connection for all its calls. */
export interface RelataClient {
  readonly authorization: ServiceClient<typeof AuthorizationService>;
  readonly tuples: ServiceClient<typeof TupleService>;
  readonly schemas: ServiceClient<typeof SchemaService>;
  readonly tenants: ServiceClient<typeof TenantService>;
  readonly credentials: ServiceClient<typeof CredentialService>;
  readonly clients: ServiceClient<typeof ClientService>;
  readonly audit: ServiceClient<typeof AuditService>;
  /** All pages of an Expand, fetched as they are iterated over. */
  expandNodes(question: ExpandQuestion, options?: CallOptions): AsyncIterable<TreeNode>;
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** As long as a server allows by default. */
const DEFAULT_STREAM_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** @throws TypeError for certificates or a key that are none, or do not belong together */
export function createRelataClient(options: RelataClientOptions): RelataClient {
  const client = new Client(options.address, channelCredentials(options.tls), {
    "grpc.max_receive_message_length": options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
  });
  const setup = {
    client,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    streamTimeoutMs: options.timeoutMs ?? DEFAULT_STREAM_TIMEOUT_MS,
    headers: (call: CallOptions) => headersOf(options, call),
  };
  const authorization = createServiceClient(AuthorizationService, setup);
  return {
    authorization,
    tuples: createServiceClient(TupleService, setup),
    schemas: createServiceClient(SchemaService, setup),
    tenants: createServiceClient(TenantService, setup),
    credentials: createServiceClient(CredentialService, setup),
    clients: createServiceClient(ClientService, setup),
    audit: createServiceClient(AuditService, setup),
    expandNodes: (question, call) => expandNodes(authorization, question, call),
    close: () => client.close(),
  };
}

async function headersOf({ token, tenant }: RelataClientOptions, { requestId }: CallOptions): Promise<Metadata> {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${typeof token === "string" ? token : await token()}`);
  if (tenant !== undefined) metadata.set("relata-tenant", tenant);
  metadata.set("x-request-id", requestId ?? randomUUID());
  return metadata;
}

function channelCredentials(tls: RelataClientOptions["tls"]) {
  if (tls === undefined || tls === false) return credentials.createInsecure();
  if (tls === true) return credentials.createSsl();
  const { rootCertificates, identity } = tls;
  const roots = rootCertificates === undefined ? null : Buffer.from(rootCertificates);
  // OpenSSL passes over what is no certificate, and every server would be a stranger then.
  if (roots !== null) usable("tls.rootCertificates", () => new X509Certificate(roots));
  if (identity === undefined) return credentials.createSsl(roots);
  const [key, certificate] = [Buffer.from(identity.privateKey), Buffer.from(identity.certificate)];
  return usable("tls.identity", () => credentials.createSsl(roots, key, certificate));
}

function usable<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new TypeError(`${option} cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
