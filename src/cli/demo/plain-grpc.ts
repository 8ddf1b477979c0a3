import { fileURLToPath } from "node:url";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type PackageDefinition } from "@grpc/proto-loader";
import type { Tuple } from "../../model/tuple.ts";
import type { DemoQuestion } from "./organization.ts";

/**
 * What a user's own program would be: @grpc/grpc-js and the .proto files, none of relata's code. That the answers are
 * right this way is the point of the demo.
 */
export interface PlainClient {
  /** One call of `relata.v1.<method>`, such as `TupleService/Write`, as the token's subject. */
  call(method: string, token: string, request: object): Promise<Record<string, unknown>>;
  close(): void;
}

const PROTO_DIR = fileURLToPath(new URL("../../../proto", import.meta.url));
const FILES = ["authorization", "tuple", "schema", "tenant"].map((name) => `relata/v1/${name}_service.proto`);
const DEADLINE_MS = 20_000;

export function createPlainClient(port: number): PlainClient {
  const definitions = loadSync(FILES, { includeDirs: [PROTO_DIR], enums: String, longs: Number, defaults: true });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    call: (name, token, request) => {
      const { path, requestSerialize, responseDeserialize } = methodOf(definitions, name);
      const metadata = new Metadata();
      metadata.set("authorization", `Bearer ${token}`);
      return new Promise((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: object) =>
          error === null ? resolve({ ...answer }) : reject(error);
        const options = { deadline: Date.now() + DEADLINE_MS };
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, done);
      });
    },
    close: () => client.close(),
  };
}

function methodOf(definitions: PackageDefinition, name: string): MethodDefinition<object, object> {
  const [service = "", method = ""] = name.split("/");
  const found = (definitions[`relata.v1.${service}`] as Record<string, MethodDefinition<object, object>> | undefined)?.[
    method
  ];
  if (found === undefined) throw new Error(`the .proto files have no method ${name}`);
  return found;
}

export async function checkByGrpc(client: PlainClient, token: string, question: DemoQuestion): Promise<string> {
  const answer = await client.call("AuthorizationService/Check", token, toRequest(question));
  return String(answer["decision"]);
}

/** The request as both transports take it. */
export function toRequest({ document, permission, user }: DemoQuestion): object {
  return {
    object: { type: "document", id: document },
    permission,
    subject: { object: { type: "user", id: user } },
  };
}

export function toUpdate(tuple: Tuple): object {
  return {
    operation: "OPERATION_TOUCH",
    tuple: {
      object: { type: tuple.objectType, id: tuple.objectId },
      relation: tuple.relation,
      subject: { object: { type: tuple.subjectType, id: tuple.subjectId }, relation: tuple.subjectRelation },
    },
  };
}
