import { randomBytes } from "node:crypto";
import { createTestDatabase } from "../../support/postgres.ts";
import { startTestServer } from "../../support/server.ts";
import { startTestIssuer } from "../../support/tokens.ts";
import { tokenService } from "../../token-service/world.ts";
import { seed } from "./fleet.ts";
import { type CredentialFleet, clientOf, type ServingNode, TENANT, tokenServiceOf } from "./node.ts";

/** Three nodes of one database in this process: the short form of a fleet, without networks that break. */
export async function createFleetHere(count = 3): Promise<CredentialFleet> {
  await using stack = new AsyncDisposableStack();
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  const boundIssuer = await startTestIssuer();
  stack.defer(() => boundIssuer.close());
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const config = {
    tokenKeys: [{ id: "k1", secret: randomBytes(32).toString("hex") }],
    issuers: [issuer.trust(), boundIssuer.trust({ tenant: { kind: "bindings" } })],
    tokenService: tokenService(tokenServiceOf(boundIssuer.trust())),
    // Everybody calls from one address.
    refusedCredentialRate: 0,
  } as const;
  const nodes: ServingNode[] = [];
  for (let at = 0; at < count; at += 1) {
    const server = await startTestServer({ database, issuer, config });
    stack.defer(() => server.close());
    const { grpcAddress: address, httpUrl, operator } = server;
    const member = clientOf(address, issuer.mint({ tenant: TENANT }));
    stack.defer(() => member.close());
    nodes.push({ name: String.fromCharCode(97 + at), address, httpUrl, operator, member });
    if (at === 0) await seed(operator, member);
  }
  const kept = stack.move();
  return {
    nodes,
    boundMs: 2_000,
    issuer: issuer.issuer,
    boundIssuer: boundIssuer.issuer,
    mint: (claims) => issuer.mint({ tenant: TENANT, ...claims }),
    mintBound: (claims) => boundIssuer.mint({ tenant: undefined, ...claims }),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}
