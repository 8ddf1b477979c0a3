import { setTimeout as sleep } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import type { LoadRequest, LoadTarget } from "../load/target.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import { hasIdThat } from "./id-sample.ts";
import { type LoadedPeer, type Peer, type PeerAddress, type PeerConsistency, PeerError } from "./peer.ts";
import { explain, nameOf, openClient, type SpiceDbClient } from "./spicedb-client.ts";
import { isTranslated } from "./spicedb-ids.ts";
import { loadTuples } from "./spicedb-load.ts";
import { checkRequestOf } from "./spicedb-messages.ts";
import { clear, NOT_FOUND, writeSchema } from "./spicedb-schema.ts";

const CHECK_PATH = "/authzed.api.v1.PermissionsService/CheckPermission";
/** Asks a SpiceDB to say its version, which it does in the trailers. */
const ASK_VERSION = "io.spicedb.requestversion";
const VERSION = "io.spicedb.debug.version";
/** Of a CheckPermissionResponse; what else is there, such as when the answer ends (field 5), may stand behind it. */
const PERMISSIONSHIP = 2;
/** Among so many one is allowed. */
const QUESTIONS = 2_000;
/** `minimizeLatency` answers by a revision that is up to 5.5 s old with a SpiceDB's defaults. */
const SETTLING_MS = 30_000;
const LOOK_MS = 200;

/** A SpiceDB that belongs to the bench alone: it has one schema, which is replaced. @throws PeerError */
export async function openSpiceDb(address: PeerAddress): Promise<Peer> {
  const client = await openClient(address);
  try {
    const version = await askVersion(client);
    return {
      address,
      version,
      differences,
      load: (work, print) => load(client, work, print),
      [Symbol.asyncDispose]: async () => client[Symbol.dispose](),
    };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/** The first call: it also shows whether a SpiceDB answers there and takes the token. */
function askVersion({ sdk, calls, address }: SpiceDbClient): Promise<string | undefined> {
  const metadata = new Metadata();
  metadata.set(ASK_VERSION, "1");
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const call = calls.readSchema(sdk.ReadSchemaRequest.create({}), metadata, (error) => {
    // No schema has been written yet: an answer like any other. The status comes behind this.
    if (error !== null && error.code !== NOT_FOUND) reject(explain(error, address, "asking its version"));
  });
  call.on("status", (status) => {
    const [version] = status.metadata.get(VERSION);
    resolve(version === undefined ? undefined : String(version));
  });
  return promise;
}

function differences(work: Workload): readonly string[] {
  const found: string[] = [];
  if (work.tenants > 1)
    found.push("it knows no tenants: ids begin with their tenant's number, and `user:*` means all tenants'");
  if (hasIdThat(isTranslated, work))
    found.push("ids with characters that it refuses are written as =XX, by their code");
  return found;
}

async function load(client: SpiceDbClient, work: Workload, print: (line: string) => void): Promise<LoadedPeer> {
  await writeSchema(client, work.schema);
  const begin = performance.now();
  const tuples = await loadTuples(client, work);
  const loadSeconds = (performance.now() - begin) / 1000;
  print(`spicedb: ${tuples.toLocaleString("en-US")} tuples of ${work.name} loaded in ${loadSeconds.toFixed(1)} s`);
  const { tenants } = work;
  return {
    tuples,
    loadSeconds,
    check: (asked) => check(client, asked, tenants, "fully_consistent"),
    target: (questions, consistency = "minimize_latency") => targetOf(client, questions, { tenants, consistency }),
    settle: () => settle(client, work),
    remove: () => clear(client),
  };
}

async function settle(client: SpiceDbClient, work: Workload): Promise<void> {
  const asked = work.questions(QUESTIONS).find(({ allowed }) => allowed);
  if (asked === undefined) return;
  const untilMs = performance.now() + SETTLING_MS;
  while (!(await check(client, asked, work.tenants, "minimize_latency").catch(() => false))) {
    if (performance.now() > untilMs)
      throw new PeerError(
        `${nameOf(client.address)}: what was loaded is not seen with minimizeLatency after ${SETTLING_MS / 1000} s: ` +
          "is --datastore-revision-quantization-interval that long?",
      );
    await sleep(LOOK_MS);
  }
}

async function check(
  { sdk, calls, address }: SpiceDbClient,
  asked: KnownQuestion,
  tenants: number,
  consistency: PeerConsistency,
): Promise<boolean> {
  const request = checkRequestOf(sdk, asked, { tenants, consistency });
  const found = await calls.promises.checkPermission(request).catch((error: unknown) => {
    throw explain(error, address, "a Check");
  });
  const { HAS_PERMISSION, NO_PERMISSION, CONDITIONAL_PERMISSION } = sdk.CheckPermissionResponse_Permissionship;
  if (found.permissionship === HAS_PERMISSION) return true;
  if (found.permissionship === NO_PERMISSION) return false;
  if (found.permissionship !== CONDITIONAL_PERMISSION)
    throw new PeerError(`${nameOf(address)}: neither yes nor no: the permissionship ${found.permissionship}`);
  const missing = found.partialCaveatInfo?.missingRequiredContext.join(", ") ?? "";
  throw new PeerError(`${nameOf(address)}: the answer depends on a context that was not given: ${missing}`);
}

function targetOf(
  { sdk, address: { host, port, token } }: SpiceDbClient,
  questions: readonly KnownQuestion[],
  how: { readonly tenants: number; readonly consistency: PeerConsistency },
): LoadTarget {
  const headers = token === undefined ? [] : [["authorization", `Bearer ${token}`] as const];
  const { HAS_PERMISSION, NO_PERMISSION } = sdk.CheckPermissionResponse_Permissionship;
  const requests = questions.map(
    (asked): LoadRequest => ({
      path: CHECK_PATH,
      headers,
      body: sdk.CheckPermissionRequest.toBinary(checkRequestOf(sdk, asked, how)),
      answer: { kind: "varint", field: PERMISSIONSHIP, value: asked.allowed ? HAS_PERMISSION : NO_PERMISSION },
    }),
  );
  return { protocol: "grpc", host, port, requests };
}
