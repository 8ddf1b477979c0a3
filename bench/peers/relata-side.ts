import { join } from "node:path";
import { makeTempDir } from "../../src/cli/demo/temp-dir.ts";
import { startLocalIssuer } from "../../src/cli/dev/issuer.ts";
import { makeTenantOf } from "../database/bench-tenant.ts";
import type { BenchWorld } from "../database/bench-world.ts";
import type { Generator } from "../load/generator.ts";
import type { LoadTarget } from "../load/target.ts";
import { startBenchServer } from "../rpc/bench-server.ts";
import { bearer, grpcCheck, jsonCheck } from "../rpc/check-requests.ts";
import { settleLane } from "../rpc/lane.ts";
import { localTrust } from "../trusted-issuer.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import type { PeerConsistency } from "./peer.ts";

/**
 * relata with a workload in memory, as its callers see it: over the network, with a JWT, with every limit but one: it refuses nobody because its
 * process is late, for the load keeps it late on purpose.
 */
export interface RelataSide extends AsyncDisposable {
  target(
    protocol: LoadTarget["protocol"],
    questions: readonly KnownQuestion[],
    consistency: PeerConsistency,
  ): LoadTarget;
}

const CALLER = "bench";
const HOST = "127.0.0.1";

export async function startRelataSide(world: BenchWorld, generator: Generator, work: Workload): Promise<RelataSide> {
  const stack = new AsyncDisposableStack();
  try {
    return await start(stack, { world, generator, work });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function start(
  stack: AsyncDisposableStack,
  { world, generator, work }: { readonly world: BenchWorld; readonly generator: Generator; readonly work: Workload },
): Promise<RelataSide> {
  const database = await world.database();
  const slug = `peers-${work.name}`;
  await makeTenantOf(database, slug, work);
  const directory = await makeTempDir();
  stack.defer(() => directory.remove());
  const issuer = await startLocalIssuer({ stateFile: join(directory.path, "issuer.json"), port: 0, now: Date.now });
  stack.defer(() => issuer.close());
  const server = await startBenchServer(stack, {
    connection: database.app,
    settings: {
      issuers: [localTrust(issuer.issuer, ["check"])],
      bindings: [{ issuer: issuer.issuer, subject: CALLER, tenants: [slug], scopes: ["check"] }],
      warmTenants: [slug],
    },
    patient: true,
  });
  const headers = bearer(await issuer.mint(CALLER));
  const { grpcPort, httpPort } = server.ports;
  const target: RelataSide["target"] = (protocol, questions, consistency) => {
    const requestOf = protocol === "grpc" ? grpcCheck : jsonCheck;
    const requests = questions.map((asked) => requestOf(asked, headers, consistency));
    return { protocol, host: HOST, port: protocol === "grpc" ? grpcPort : httpPort, requests };
  };
  const name = "relata until in memory";
  const asked = target("grpc", work.questions(100), "minimize_latency");
  await generator.learn(name, asked);
  await settleLane(generator, { name, server, target: asked, resident: 1 });
  await generator.forget(name);
  return { target, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
