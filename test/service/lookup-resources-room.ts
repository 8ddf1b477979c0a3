import { SILENT_LOGGER } from "../../src/log.ts";
import type { SubjectRef } from "../../src/model/object.ts";
import type { Store } from "../../src/model/store.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { ServiceLimits } from "../../src/service/limits.ts";
import type { LookupPage, LookupResult } from "../../src/service/lookup-page.ts";
import type { LookupResourcesRequest } from "../../src/service/lookup-resources.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { createCall } from "../support/call.ts";
import { TEST_LIMITS } from "../support/server-verbs.ts";

export const NOW_MS = Date.parse("2030-01-01T00:00:00Z");

export interface World {
  readonly schema: string;
  readonly tuples: readonly string[];
  readonly contextual?: readonly string[];
  readonly context?: JsonObject;
}

/** What is said of a lookup in addition to its question. */
export type Asked = Partial<
  Pick<LookupResourcesRequest, "limit" | "cursor" | "candidateIds" | "countOnly" | "context" | "consistency"> & {
    readonly contextualTuples: readonly Tuple[];
    readonly signal: AbortSignal;
  }
>;

/** A world stored as a tenant of its own. */
export interface Room {
  readonly verbs: Verbs;
  readonly call: TenantCall;
  readonly world: World;
  /** @param place `document#view` @param subject `user:anne` or `group:eng#member` */
  ask(place: string, subject: string, asked?: Asked): AsyncIterable<LookupPage>;
  write(...updates: readonly string[]): Promise<unknown>;
}

export interface Rooms {
  enter(world: World): Promise<Room>;
  /** How often the store was read for an evaluation, whatever the room. */
  readonly reads: { count: number };
}

const LIMITS: ServiceLimits = {
  ...TEST_LIMITS,
  readableWindowMs: Number.MAX_SAFE_INTEGER,
  maxUpdatesPerWrite: 1000,
  maxSchemaBytes: 1_000_000,
  maxBatchItems: 10_000,
  maxCandidates: 10_000,
  maxNodes: 1_000_000,
  maxRows: 1_000_000,
  maxLookupRows: 1_000_000,
  maxContextualTuples: 100,
  maxContextBytes: 10_000,
};

let tenants = 0;

export function openRooms(store: Store, limits: Partial<ServiceLimits> = {}): Rooms {
  const reads = { count: 0 };
  const verbs = createVerbs({
    store: countReads(store, reads),
    tokenKeys: [{ id: "k", secret: "s".repeat(32) }],
    limits: { ...LIMITS, ...limits },
    now: () => NOW_MS,
    log: SILENT_LOGGER,
  });
  return {
    reads,
    enter: async (world) => {
      tenants += 1;
      const tenant = await store.tenants.create({ slug: `lookup-${tenants}` }, { actor: "test", requestId: "test" });
      const call = { ...createCall(NOW_MS), tenant };
      await verbs.writeSchema(call, { text: world.schema, expectedVersion: undefined });
      const write = async (...lines: readonly string[]) => {
        for (let start = 0; start < lines.length; start += 1000) {
          const updates = lines.slice(start, start + 1000).map(readUpdate);
          await verbs.writeTuples(call, { updates, preconditions: [], idempotencyKey: "" });
        }
      };
      await write(...world.tuples);
      return { verbs, call, world, write, ask: (...what) => ask(verbs, call, world, ...what) };
    },
  };
}

function ask(verbs: Verbs, call: TenantCall, world: World, place: string, subject: string, asked: Asked = {}) {
  const [objectType = "", permission = ""] = place.split("#");
  const { signal = call.signal, ...more } = asked;
  return verbs.lookupResources(
    { ...call, signal },
    {
      objectType,
      permission,
      subject: readSubject(subject),
      context: world.context ?? {},
      contextualTuples: (world.contextual ?? []).map(parseTuple),
      consistency: (asked.cursor ?? "") === "" ? { kind: "fully_consistent" } : undefined,
      limit: 0,
      cursor: "",
      candidateIds: undefined,
      countOnly: false,
      ...more,
    },
  );
}

/** A tuple is touched; with a `-` before it, deleted. */
function readUpdate(line: string) {
  return line.startsWith("-")
    ? { operation: "delete" as const, tuple: parseTuple(line.slice(1)) }
    : { operation: "touch" as const, tuple: parseTuple(line) };
}

export function readSubject(text: string): SubjectRef {
  const [object = "", relation = ""] = text.split("#");
  const [type = "", id = ""] = object.split(":");
  return { type, id, relation };
}

function countReads(store: Store, reads: { count: number }): Store {
  const counted = <T>(answer: T): T => {
    reads.count += 1;
    return answer;
  };
  return {
    ...store,
    tuples: {
      ...store.tuples,
      source: (tenant, revision, signal) => {
        const source = store.tuples.source(tenant, revision, signal);
        return {
          read: (needs, maxRows) => counted(source.read(needs, maxRows)),
          scanSubjects: (scans, limit) => counted(source.scanSubjects(scans, limit)),
          scanObjects: (scans, limit) => counted(source.scanObjects(scans, limit)),
        };
      },
    },
  };
}

/** `one`, or `one if ip,tag` where it depends on those, with ` until …` when it changes by itself. */
export function showResult({ id, decision, expiresAtMs }: LookupResult): string {
  const condition = decision.kind === "conditional" ? ` if ${decision.missing.join(",")}` : "";
  if (decision.kind === "denied") throw new Error(`${id} is denied, and a result`);
  return `${id}${condition}${expiresAtMs === undefined ? "" : ` until ${new Date(expiresAtMs).toISOString()}`}`;
}

export async function listOf(pages: AsyncIterable<LookupPage>): Promise<readonly string[]> {
  const shown: string[] = [];
  for await (const page of pages) {
    if ("count" in page) throw new Error("a count in place of results");
    if (page.results.length === 0) throw new Error("an empty page");
    shown.push(...page.results.map(showResult));
  }
  return shown;
}

/** All results, by requests of `limit` each that continue where the last one ended. */
export async function listInPages(
  ask: (page: { limit: number; cursor: string }) => AsyncIterable<LookupPage>,
  limit: number,
): Promise<readonly string[]> {
  const shown: string[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    let next: string | undefined;
    let given = 0;
    for await (const page of ask({ limit, cursor })) {
      if ("count" in page) throw new Error("a count in place of results");
      shown.push(...page.results.map(showResult));
      given += page.results.length;
      const last = page.results.at(-1);
      if (last !== undefined) next = page.cursorAfter(last);
    }
    if (given > limit) throw new Error(`${given} results on a page of ${limit}`);
    cursor = given === limit ? next : undefined;
  }
  return shown;
}
