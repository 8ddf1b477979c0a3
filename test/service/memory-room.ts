import { RelataError } from "../../src/errors.ts";
import { createResidency } from "../../src/graph/residency.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { Revision } from "../../src/model/revision.ts";
import type { Store } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { CheckAnswer } from "../../src/service/check.ts";
import type { ConsistencyRequest } from "../../src/service/consistency-token.ts";
import { issueToken } from "../../src/service/consistency-token.ts";
import type { ServiceLimits } from "../../src/service/limits.ts";
import { readPosition } from "../../src/service/position-bytes.ts";
import { createSealer } from "../../src/service/seal.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createCall } from "../support/call.ts";
import { createClock, type TestClock } from "../support/clock.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";
import { TEST_LIMITS } from "../support/server-verbs.ts";
import { waitFor } from "../support/wait.ts";

const KEY = { id: "k", secret: "s".repeat(32) };
const ORIGIN = { actor: "test", requestId: "test" };

/** What the store was asked on behalf of requests; what the tail asks is not counted. */
export interface Asked {
  heads: number;
  /** States of past revisions. */
  pasts: number;
  /** Reads and scans of tuples. */
  tuples: number;
}

/** What is wrong with the store. */
export interface Trouble {
  /** Everything fails. */
  down: boolean;
  /** What the tail asks is never answered. */
  tailIsFrozen: boolean;
  /** The database is what it was at this revision, as after restoring a backup. */
  restoredTo: Revision | undefined;
}

/** The verbs over the reference store and a residency, with one tenant that is wholly in memory. */
export interface MemoryRoom {
  readonly verbs: Verbs;
  readonly trouble: Trouble;
  readonly tenant: Tenant;
  /** The wall clock. */
  readonly clock: TestClock;
  /** Lets time pass for all that is fresh or stale. */
  age(ms: number): void;
  call(signal?: AbortSignal): TenantCall;
  /** `+document:1#viewer@user:anne`, `-` to delete; by this process. @returns the token */
  write(...updates: readonly string[]): Promise<string>;
  /** The same by another process, which says nothing. @returns the revision */
  writeElsewhere(...updates: readonly string[]): Promise<Revision>;
  /** May anne view document:1? With what that took. */
  check(consistency: ConsistencyRequest, signal?: AbortSignal): Promise<Seen>;
  tokenOf(revision: Revision, schemaVersion?: number): string;
  /** Memory has taken in the revision. */
  applied(revision: Revision): Promise<unknown>;
  close(): Promise<void>;
}

export interface Seen extends Asked {
  readonly revision: Revision;
  readonly allowed: boolean;
}

export async function openMemoryRoom(
  limits: Partial<ServiceLimits> = {},
  options: Partial<ResidencyOptions> = {},
): Promise<MemoryRoom> {
  const clock = createClock();
  let agedMs = 0;
  const monotonic = () => performance.now() + agedMs;
  const asked: Asked = { heads: 0, pasts: 0, tuples: 0 };
  const trouble: Trouble = { down: false, tailIsFrozen: false, restoredTo: undefined };
  const real = createMemoryStore({ now: clock.now });
  const store = troubled(real, asked, trouble);
  const tokenKeys = [KEY];
  const sealer = createSealer(tokenKeys);
  const residency = createResidency({
    store,
    log: SILENT_LOGGER,
    monotonic,
    options: { pollIntervalMs: 10, ...options },
  });
  const parts = { store, residency, tokenKeys, now: clock.now, monotonic, log: SILENT_LOGGER };
  const verbs = createVerbs({ ...parts, limits: { ...TEST_LIMITS, ...limits } });
  const tenant = await real.tenants.create({ slug: "acme" }, ORIGIN);
  const call = (signal?: AbortSignal): TenantCall => {
    const made = { ...createCall(clock.now()), tenant };
    return signal === undefined ? made : { ...made, signal };
  };
  await verbs.writeSchema(call(), { text: DOCUMENTS_SCHEMA, expectedVersion: undefined });
  const updatesOf = (updates: readonly string[]) =>
    updates.map((text) => {
      const operation = text.startsWith("-") ? ("delete" as const) : ("touch" as const);
      return { operation, tuple: parseTuple(text.slice(1)) };
    });
  const holding = residency.of(tenant);
  await waitFor("the tenant in memory", () => residency.stats().tenants[0]?.state === "resident");
  return {
    verbs,
    trouble,
    tenant,
    clock,
    age: (ms) => {
      agedMs += ms;
    },
    call,
    write: async (...updates) => {
      const request = { updates: updatesOf(updates), preconditions: [], idempotencyKey: "" };
      return (await verbs.writeTuples(call(), request)).consistencyToken;
    },
    writeElsewhere: async (...updates) => {
      const request = {
        updates: updatesOf(updates),
        preconditions: [],
        schemaVersion: 1,
        nowMs: clock.now(),
        origin: ORIGIN,
      };
      return (await real.tuples.write(tenant, request)).head.revision;
    },
    check: async (consistency, signal) => {
      const before = { ...asked };
      const answer = await verbs.check(call(signal), {
        object: { type: "document", id: "1" },
        permission: "view",
        subject: { type: "user", id: "anne", relation: "" },
        consistency,
      });
      return {
        heads: asked.heads - before.heads,
        pasts: asked.pasts - before.pasts,
        tuples: asked.tuples - before.tuples,
        revision: revisionOf(sealer, answer),
        allowed: answer.decision.kind === "allowed",
      };
    },
    tokenOf: (revision, schemaVersion = 1) =>
      issueToken(sealer, tenant.id, { revision, schemaVersion, schemaName: "acme", committedAtMs: 0 }),
    applied: (revision) =>
      waitFor(`revision ${revision} in memory`, () => (holding.applied?.revision ?? 0) >= revision),
    close: async () => {
      await residency.close();
      await store.close();
    },
  };
}

function revisionOf(sealer: ReturnType<typeof createSealer>, { consistencyToken }: CheckAnswer): Revision {
  const payload = sealer.open("consistency-token", consistencyToken);
  if (payload === undefined) throw new Error("an answer without a token of ours");
  return readPosition(payload).revision;
}

/** The store with what is wrong with it. */
function troubled(real: Store, asked: Asked, trouble: Trouble): Store {
  const reach = async () => {
    if (trouble.down) throw new RelataError("STORE_UNAVAILABLE", "the test's store is down");
  };
  const tail = async (signal: AbortSignal | undefined) => {
    if (trouble.tailIsFrozen)
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("timed out"))));
    await reach();
  };
  const has = (revision: Revision) => trouble.restoredTo === undefined || revision <= trouble.restoredTo;
  return {
    ...real,
    revisions: {
      head: async (place) => {
        asked.heads += 1;
        await reach();
        const head = await real.revisions.head(place);
        return (
          (trouble.restoredTo === undefined ? undefined : await real.revisions.at(place, trouble.restoredTo)) ?? head
        );
      },
      at: async (place, revision) => {
        asked.pasts += 1;
        await reach();
        return has(revision) ? real.revisions.at(place, revision) : undefined;
      },
    },
    tuples: {
      ...real.tuples,
      source: (place, revision, signal) => {
        const source = real.tuples.source(place, revision, signal);
        const counted = async () => {
          asked.tuples += 1;
          await reach();
        };
        return {
          read: async (needs, maxRows) => counted().then(() => source.read(needs, maxRows)),
          scanSubjects: async (scans, limit) => counted().then(() => source.scanSubjects(scans, limit)),
          scanObjects: async (scans, limit) => counted().then(() => source.scanObjects(scans, limit)),
        };
      },
    },
    changes: {
      ...real.changes,
      heads: async (places, signal) => {
        await tail(signal);
        if (trouble.restoredTo === undefined) return real.changes.heads(places, signal);
        const heads = await Promise.all(places.map((place) => real.revisions.at(place, trouble.restoredTo ?? 0)));
        return new Map(places.flatMap(({ id }, index) => (heads[index] === undefined ? [] : [[id, heads[index]]])));
      },
      since: async (place, after, limit, signal) => {
        await tail(signal);
        const page = await real.changes.since(place, after, limit, signal);
        if (trouble.restoredTo === undefined) return page;
        const revisions = page.revisions.filter(({ head }) => has(head.revision));
        return { base: has(after) ? page.base : undefined, revisions, complete: true };
      },
    },
  };
}
