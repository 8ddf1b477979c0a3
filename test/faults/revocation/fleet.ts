import { randomBytes } from "node:crypto";
import { SCOPES } from "../../../src/model/scope.ts";
import { ROLES } from "../../../src/storage/postgres/roles.ts";
import { connectionTo } from "../../support/postgres-connection.ts";
import { DOCUMENTS_SCHEMA, writeTuples } from "../../support/server-seed.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startTestIssuer } from "../../support/tokens.ts";
import { createDatabase } from "../freshness/database.ts";
import { SERVE, startNode } from "../freshness/node-process.ts";
import { clientOf, LISTEN_MARKER, type RevocationFleet, type RevocationNode, TENANT, tokenServiceOf } from "./node.ts";

/** What relata promises when nobody sets it. */
const BOUND_MS = 2_000;
/** Memory may answer for as long as any test takes: only credentials end what a node answers. */
const NEVER_STALE_MS = 60_000;

/** Three `relata serve` over one PostgreSQL, each behind a network of its own. */
export async function createRevocationFleet(count = 3): Promise<RevocationFleet> {
  await using stack = new AsyncDisposableStack();
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  const boundIssuer = await startTestIssuer();
  stack.defer(() => boundIssuer.close());
  const database = stack.use(await createDatabase());
  const end = new AbortController();
  stack.defer(() => end.abort());
  const operator = { issuer: issuer.issuer, subject: "operator", tenants: [], platform: true, scopes: SCOPES };
  const env = {
    ...SERVE_ENV,
    RELATA_TOKEN_KEYS: JSON.stringify([{ id: "k1", secret: randomBytes(32).toString("hex") }]),
    RELATA_ISSUERS: JSON.stringify([issuer.trust(), boundIssuer.trust({ tenant: { kind: "bindings" } })]),
    RELATA_BINDINGS: JSON.stringify([operator]),
    RELATA_TOKEN_SERVICE: JSON.stringify(tokenServiceOf(boundIssuer.trust())),
    // Every token is refused over and over once it is revoked, and all come from one address.
    RELATA_REFUSED_CREDENTIAL_RATE: "0",
  };
  const nodes: RevocationNode[] = [];
  for (let at = 0; at < count; at += 1) {
    const proxy = stack.use(await startTcpProxy({ ...database.connection, markers: [LISTEN_MARKER] }));
    const url = connectionTo({ ...database.connection, host: "127.0.0.1", port: proxy.port, user: ROLES.app }).url;
    const node = await startNode(SERVE, { ...env, RELATA_DATABASE_URL: url }, end.signal);
    if (node === undefined) throw new Error("a node was not started");
    stack.defer(() => node.kill());
    const { address, httpUrl } = node;
    const operator = clientOf(address, issuer.mint({ sub: "operator", tenant: undefined, exp: FAR_S() }));
    const member = clientOf(address, issuer.mint({ tenant: TENANT, exp: FAR_S() }));
    stack.defer(() => operator.close());
    stack.defer(() => member.close());
    nodes.push({ name: String.fromCharCode(97 + at), address, httpUrl, proxy, operator, member });
    if (at === 0) await seed(operator, member);
  }
  const kept = stack.move();
  return {
    nodes,
    boundMs: BOUND_MS,
    issuer: issuer.issuer,
    boundIssuer: boundIssuer.issuer,
    mint: (claims) => issuer.mint({ tenant: TENANT, ...claims }),
    mintBound: (claims) => boundIssuer.mint({ tenant: undefined, ...claims }),
    crashDatabase: () => database.crash(),
    startDatabase: () => database.start(),
    killBackend: () => database.killBackend(),
    backUpDatabase: () => database.backUp(),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** Whoever takes credentials away outlives all of them. */
const FAR_S = (): number => Math.floor(Date.now() / 1000) + 3_000;

const SERVE_ENV = {
  RELATA_GRPC_PORT: "0",
  RELATA_HTTP_PORT: "0",
  RELATA_OPS_PORT: "0",
  RELATA_LOG_LEVEL: "warn",
  // The guard would turn callers away before their credentials are looked at.
  RELATA_REFUSED_CREDENTIAL_RATE: "0",
  RELATA_MAX_STALENESS_MS: String(NEVER_STALE_MS),
};

export async function seed(operator: RevocationNode["operator"], member: RevocationNode["operator"]): Promise<void> {
  await operator.tenants.create({ slug: TENANT });
  await member.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(member, "+document:1#viewer@user:anne");
}
