import { expect } from "vitest";
import type { OwnedResidency } from "../../src/graph/residency.ts";
import { createResidency } from "../../src/graph/residency.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import type { Logger } from "../../src/log.ts";
import type { ChangeHint, ChangeStore } from "../../src/model/change.ts";
import type { Holding } from "../../src/model/residency.ts";
import type { Head, Revision } from "../../src/model/revision.ts";
import type { Store, TupleStore } from "../../src/model/store.ts";
import type { Tenant, TenantPlace } from "../../src/model/tenant.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../storage/drafts.ts";
import { waitFor } from "../support/wait.ts";

type Read = "heads" | "since" | "count" | "snapshot";

/** A store, and which of its tenants answers for the one that is asked about. */
interface Backing {
  readonly store: Store;
  placeOf(place: TenantPlace): TenantPlace;
}

async function headsOf({ store, placeOf }: Backing, tenants: readonly TenantPlace[], signal: AbortSignal | undefined) {
  const places = tenants.map(placeOf);
  const heads = await store.changes.heads(places, signal);
  return new Map(
    tenants.flatMap(({ id }, index): [string, Head][] => {
      const head = heads.get(places[index]?.id ?? "");
      return head === undefined ? [] : [[id, head]];
    }),
  );
}

/** A store's changes over a network that does as it is told. */
export class Wire {
  readonly changes: ChangeStore;
  readonly calls: Record<Read, number> = { heads: 0, since: 0, count: 0, snapshot: 0 };
  /** Reads of these kinds fail. */
  readonly broken = new Set<Read>();
  /** Reads of these kinds never answer. */
  readonly frozen = new Set<Read>();
  /** What becomes of the next answer: how many milliseconds it is on the way, or that it never arrives. */
  weather: (() => number | "lost" | "broken") | undefined;
  readonly #held = new Map<Read, Promise<void>>();
  #heard: ((hint: ChangeHint) => void) | undefined;
  #listening: AbortSignal | undefined;

  constructor(inner: () => Backing) {
    const changes = () => inner().store.changes;
    const at = (place: TenantPlace) => inner().placeOf(place);
    this.changes = {
      heads: (tenants, signal) => this.#read("heads", () => headsOf(inner(), tenants, signal)),
      since: (tenant, after, limit, signal) =>
        this.#read("since", () => changes().since(at(tenant), after, limit, signal)),
      count: (tenant, limit, signal) => this.#read("count", () => changes().count(at(tenant), limit, signal)),
      snapshot: (tenant, signal) => this.#read("snapshot", () => changes().snapshot(at(tenant), signal)),
      announce: (tenantId, revision) => changes().announce(tenantId, revision),
      listen: (heard, signal) => {
        this.#heard = heard;
        this.#listening = signal;
      },
    };
  }

  get isListening(): boolean {
    return this.#listening?.aborted === false;
  }

  hint(hint: ChangeHint): void {
    this.#heard?.(hint);
  }

  /** From now on reads of a kind are done at once, and their answers stay on the way until the returned function is called. */
  hold(read: Read): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(read, promise);
    return () => {
      if (this.#held.get(read) === promise) this.#held.delete(read);
      resolve();
    };
  }

  async #read<T>(read: Read, run: () => Promise<T>): Promise<T> {
    this.calls[read] += 1;
    const held = this.#held.get(read);
    if (this.frozen.has(read)) await new Promise(() => undefined);
    if (this.broken.has(read)) throw new Error(`the wire is cut: ${read}`);
    const weather = this.weather?.() ?? 0;
    if (weather === "broken") throw new Error(`the wire is cut: ${read}`);
    const answer = await run();
    await held;
    if (weather === "lost") await new Promise(() => undefined);
    if (typeof weather === "number" && weather > 0) await new Promise((resolve) => setTimeout(resolve, weather));
    return answer;
  }
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface World extends AsyncDisposable {
  /** The store now. */
  readonly store: Store;
  readonly tenant: Tenant;
  readonly wire: Wire;
  readonly residency: OwnedResidency;
  readonly lines: LogLine[];
  write(...updates: readonly string[]): Promise<Revision>;
  /** Puts another database behind the wire, as restoring a backup does: the tenant is there, without any tuples. */
  restore(): Promise<void>;
  /** The tenant as the database behind the wire knows it. */
  twin(): TenantPlace;
  /** When the newest revision of the database behind the wire was committed. */
  headAtMs(): number;
}

export interface WorldOptions extends Partial<ResidencyOptions> {
  readonly monotonic?: () => number;
}

export const MIB = 1024 ** 2;

/** A memory store with a tenant, behind a wire, and a residency that polls every 5 ms. */
export async function createWorld({
  monotonic = () => performance.now(),
  ...options
}: WorldOptions = {}): Promise<World> {
  const lines: LogLine[] = [];
  let nowMs = NOW_MS;
  const first = createMemoryStore({ now: () => NOW_MS });
  const tenant = await createTenant(first);
  let backing: Backing = { store: first, placeOf: (place) => place };
  const wire = new Wire(() => backing);
  const tuples: Pick<TupleStore, "source"> = {
    source: (place, revision, signal) => backing.store.tuples.source(backing.placeOf(place), revision, signal),
  };
  const world: World = {
    get store() {
      return backing.store;
    },
    tenant,
    wire,
    lines,
    residency: createResidency({
      store: { changes: wire.changes, tuples },
      log: logInto(lines),
      monotonic,
      options: {
        budgetBytes: 64 * MIB,
        pollIntervalMs: 5,
        idlePollMs: 20,
        hintDelayMs: 1,
        readTimeoutMs: 200,
        ...options,
      },
    }),
    write: (...updates) => writeTo(backing.store, backing.placeOf(tenant), ...updates),
    async restore() {
      const restoredAtMs = nowMs + 1_000;
      const store = createMemoryStore({ now: () => restoredAtMs });
      const twin = await store.tenants.create({ slug: tenant.slug }, ORIGIN);
      backing = { store, placeOf: () => twin };
      nowMs = restoredAtMs;
    },
    headAtMs: () => nowMs,
    twin: () => backing.placeOf(tenant),
    [Symbol.asyncDispose]: () => world.residency.close(),
  };
  return world;
}

export async function writeTo(store: Store, tenant: TenantPlace, ...updates: readonly string[]): Promise<Revision> {
  const { head } = await store.tuples.write(tenant, draft(updates));
  return head.revision;
}

function logInto(lines: LogLine[]): Logger {
  const at = (level: LogLine["level"]) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push({ level, fields, message });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Resolves once all of the tenant is in memory, at its newest revision. */
export async function resident(residency: OwnedResidency, tenant: TenantPlace): Promise<Holding> {
  return waitFor("the tenant is resident", () => {
    const holding = residency.of(tenant);
    return holding.applied !== undefined && holding.graphAt(holding.applied.revision) !== undefined && holding;
  });
}

export function stateOf(residency: OwnedResidency, tenant: TenantPlace): string | undefined {
  return residency.stats().tenants.find(({ tenantId }) => tenantId === tenant.id)?.state;
}

/** Everything that the holding says of these objects at a revision is what the store says. */
export async function expectLikeStore(
  holding: Holding,
  store: Store,
  tenant: TenantPlace,
  revision: Revision,
  objects: readonly string[],
): Promise<void> {
  const scans = objects.flatMap((object) => {
    const [objectType = "", objectId = ""] = object.split(":");
    return ["viewer", "member", "parent"].map((relation) => ({ objectType, objectId, relation }));
  });
  const needs = scans.flatMap((scan) => [
    { kind: "usersets", ...scan } as const,
    { kind: "objects", ...scan, subjectTypes: ["user", "group", "folder"] } as const,
  ]);
  const held = holding.source(revision);
  const stored = store.tuples.source(tenant, revision);
  expect(sorted(await held.read(needs, 100_000))).toEqual(sorted(await stored.read(needs, 100_000)));
  expect(await held.scanSubjects(scans, 1_000)).toEqual(await stored.scanSubjects(scans, 1_000));
}

function sorted(answers: readonly (readonly unknown[])[]): string[][] {
  return answers.map((rows) => rows.map((row) => JSON.stringify(row, Object.keys(row as object).sort())).sort());
}
