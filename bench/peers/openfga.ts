import type { WriteAuthorizationModelRequest } from "@openfga/sdk";
import { planOf } from "../compiled.ts";
import type { LoadRequest, LoadTarget } from "../load/target.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import { atATime } from "./at-a-time.ts";
import { hasIdThat } from "./id-sample.ts";
import { calling, connectOpenFga, nameOf, type OpenFgaServer } from "./openfga-client.ts";
import { isTranslated } from "./openfga-ids.ts";
import { loadTuples, type OpenFgaStore } from "./openfga-load.ts";
import { type ConvertedSchema, convertSchema } from "./openfga-model.ts";
import { questionOf } from "./openfga-tuples.ts";
import { type LoadedPeer, type Peer, type PeerAddress, type PeerConsistency, PeerError } from "./peer.ts";

export interface OpenFgaOptions {
  /** Of each call. */
  readonly timeoutMs?: number;
  /** What ends of tuples are compared with, milliseconds since the epoch. */
  readonly clock?: () => number;
}

interface Asking {
  readonly store: OpenFgaStore;
  readonly converted: ConvertedSchema;
  readonly tenants: number;
  readonly clock: () => number;
}

/**
 * Checks by the client, so that a busy server keeps its own deadline of 3 s: with 32 at a time, 22 of 500 failed by it on two
 * cores that had as much to do beside it.
 */
const IN_FLIGHT = 8;
const CONSISTENCY = {
  minimize_latency: "MINIMIZE_LATENCY",
  fully_consistent: "HIGHER_CONSISTENCY",
} as const satisfies Record<PeerConsistency, string>;

/** An OpenFGA, in which each workload gets a store of its own. It does not tell its version. @throws PeerError */
export async function openOpenFga(address: PeerAddress, options: OpenFgaOptions = {}): Promise<Peer> {
  const { timeoutMs = 10_000, clock = Date.now } = options;
  const server = await connectOpenFga(address, timeoutMs);
  return {
    address,
    version: undefined,
    differences,
    cannot: (work) => whyNot(convertedOf(work)),
    load: (work, print) => load(server, work, print, clock),
    // Connections of the client that are not in use end by themselves and keep no process alive.
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function convertedOf(work: Workload): ConvertedSchema {
  return convertSchema(planOf(work.schema).schema);
}

function whyNot({ unsaid }: ConvertedSchema): string | undefined {
  return unsaid.length === 0 ? undefined : unsaid.join("; ");
}

function differences(work: Workload): readonly string[] {
  const found = [...convertedOf(work).differences];
  if (work.tenants > 1)
    found.push("a store has no tenants: ids begin with their tenant's number, and `user:*` means all tenants'");
  if (hasIdThat(isTranslated, work))
    found.push("ids with characters that it refuses are written as %XX, by their code");
  return found;
}

async function load(
  server: OpenFgaServer,
  work: Workload,
  print: (line: string) => void,
  clock: () => number,
): Promise<LoadedPeer> {
  const converted = convertedOf(work);
  const why = whyNot(converted);
  if (why !== undefined) throw new PeerError(`${nameOf(server.address)} cannot hold ${work.name}: ${why}`);
  const storeId = await freshStore(server, `relata bench ${work.name}`);
  const remove = () => removeStore(server, storeId);
  try {
    const modelId = await writeModel(server, storeId, converted);
    const store: OpenFgaStore = { server, storeId, modelId };
    const begin = performance.now();
    const tuples = await loadTuples(store, converted, work, print);
    const loadSeconds = (performance.now() - begin) / 1000;
    const perSecond = Math.round(tuples / loadSeconds).toLocaleString("en-US");
    print(
      `openfga: ${tuples.toLocaleString("en-US")} tuples of ${work.name} loaded in ${loadSeconds.toFixed(1)} s (${perSecond}/s)`,
    );
    const asking: Asking = { store, converted, tenants: work.tenants, clock };
    const inTurn = atATime(IN_FLIGHT);
    return {
      tuples,
      loadSeconds,
      check: (asked) => inTurn(() => check(asking, asked)),
      target: (questions, consistency = "minimize_latency") => targetOf(asking, questions, consistency),
      remove,
    };
  } catch (error) {
    // What went wrong first is what is told.
    await remove().catch(() => undefined);
    throw error;
  }
}

/** Stores are deleted in name only: a server's datastore keeps the tuples, but nobody lists the store any more. */
async function freshStore(server: OpenFgaServer, name: string): Promise<string> {
  const { client } = server;
  const { stores } = await calling(server, "listing its stores", () => client.listStores({ name, pageSize: 100 }));
  for (const left of stores) if (left.name === name) await removeStore(server, left.id);
  const { id } = await calling(server, "creating a store", () => client.createStore({ name }));
  return id;
}

async function removeStore(server: OpenFgaServer, storeId: string): Promise<void> {
  await calling(server, "deleting the store", () => server.client.deleteStore({ storeId }));
}

async function writeModel(server: OpenFgaServer, storeId: string, { model }: ConvertedSchema): Promise<string> {
  // The SDK names types of parameters by a TypeScript enum, whose members are these strings.
  const body = model as unknown as WriteAuthorizationModelRequest;
  const { client } = server;
  const { authorization_model_id } = await calling(server, "writing the model", () =>
    client.writeAuthorizationModel(body, { storeId }),
  );
  return authorization_model_id;
}

async function check({ store, converted, tenants, clock }: Asking, asked: KnownQuestion): Promise<boolean> {
  const { server, storeId, modelId } = store;
  const { tuple, context } = questionOf(converted, asked, { tenants, nowMs: clock() });
  const { allowed } = await calling(server, `asking ${tuple.object}#${tuple.relation}@${tuple.user}`, () =>
    server.client.check(
      { ...tuple, ...(context === undefined ? {} : { context }) },
      {
        storeId,
        authorizationModelId: modelId,
        consistency: server.sdk.ConsistencyPreference.HigherConsistency,
      },
    ),
  );
  if (typeof allowed === "boolean") return allowed;
  throw new PeerError(`${nameOf(server.address)}: answers a Check without \`allowed\`: is it an OpenFGA?`);
}

function targetOf(
  { store: { server, storeId, modelId }, converted, tenants, clock }: Asking,
  questions: readonly KnownQuestion[],
  consistency: PeerConsistency,
): LoadTarget {
  const { host, port, token } = server.address;
  const headers = token === undefined ? [] : [["authorization", `Bearer ${token}`] as const];
  const path = `/stores/${storeId}/check`;
  const encoder = new TextEncoder();
  const nowMs = clock();
  const requests = questions.map((asked): LoadRequest => {
    const { tuple, context } = questionOf(converted, asked, { tenants, nowMs });
    const body = {
      tuple_key: tuple,
      authorization_model_id: modelId,
      ...(context === undefined ? {} : { context }),
      consistency: CONSISTENCY[consistency],
    };
    return {
      path,
      headers,
      body: encoder.encode(JSON.stringify(body)),
      answer: { kind: "field", name: "allowed", value: asked.allowed },
    };
  });
  return { protocol: "json", host, port, requests };
}
