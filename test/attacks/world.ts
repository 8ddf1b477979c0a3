import { create, toBinary } from "@bufbuild/protobuf";
import { CheckRequestSchema } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { SCOPES } from "../../src/model/scope.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { callRaw, postJson, type SeenError } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { tokenService } from "../token-service/world.ts";

/** One server for all attacks: two tenants, and three issuers that it trusts in three ways. */
export interface AttackWorld {
  readonly server: TestServer;
  /** Profile oauth, ES256, tenant by claim. */
  readonly oauth: TestIssuer;
  /** Profile oidc, RS256, tenant by claim. */
  readonly oidc: TestIssuer;
  /** Profile oauth, EdDSA, tenants by bindings: subject `both` is bound to north and south. */
  readonly bound: TestIssuer;
  close(): Promise<void>;
}

/** Makes the world once, before the first attack; each asks for it when it runs. */
export type InWorld = () => AttackWorld;

export const CHECK = "relata.v1.AuthorizationService/Check";
export const QUESTION = wireQuestion("document:1#view@user:nora");
export const QUESTION_BYTES = toBinary(CheckRequestSchema, create(CheckRequestSchema, QUESTION));
/** In south's data alone. */
export const SECRET = "secret-of-south";

const TENANT_SCOPES = SCOPES.filter((scope) => !scope.startsWith("tenants:"));

export async function startWorld(): Promise<AttackWorld> {
  const oauth = await startTestIssuer();
  const oidc = await startTestIssuer({ profile: "oidc", algorithm: "RS256" });
  const bound = await startTestIssuer({ algorithm: "EdDSA" });
  const binding = { issuer: bound.issuer, platform: false, scopes: TENANT_SCOPES };
  const server = await startTestServer({
    issuer: oauth,
    config: {
      // All attacks come from one address, and each is to be judged for what it is; guardAttacks has the limit on.
      refusedCredentialRate: 0,
      tokenService: tokenService(),
      issuers: [oauth.trust(), oidc.trust(), bound.trust({ tenant: { kind: "bindings" } })],
      bindings: [
        { issuer: oauth.issuer, subject: "operator", tenants: [], platform: true, scopes: SCOPES },
        { ...binding, subject: "both", tenants: ["north", "south"] },
        { ...binding, subject: "one", tenants: ["north"] },
      ],
    },
  });
  for (const slug of ["north", "south"]) {
    await server.createTenant(slug);
    await server.client(slug).schemas.write({ text: DOCUMENTS_SCHEMA });
  }
  await writeTuples(server.client("north"), "+document:1#viewer@user:nora");
  await writeTuples(server.client("south"), `+document:${SECRET}#viewer@user:sue`, "+document:1#banned@user:nora");
  return {
    server,
    oauth,
    oidc,
    bound,
    async close() {
      await server.close();
      for (const issuer of [oauth, oidc, bound]) await issuer.close();
    },
  };
}

/** A Check that north allows and south denies, over one port: the decision, or the error as its caller sees it. */
export type Ask = (world: AttackWorld, headers: Readonly<Record<string, string>>) => Promise<string | SeenError>;

export const PORTS: Readonly<Record<string, Ask>> = {
  gRPC: async ({ server }, headers) => {
    const { error } = await callRaw(server.grpcAddress, CHECK, QUESTION_BYTES, headers);
    return error ?? "answered";
  },
  Connect: async ({ server }, headers) => {
    const { error } = await postJson(server.httpUrl, CHECK, QUESTION, headers);
    return error ?? "answered";
  },
};

/** The reason a caller is given, or `answered`. */
export function reasonIn(said: string | SeenError): string {
  return typeof said === "string" ? said : said.reason;
}
