import { randomUUID } from "node:crypto";
import { throwIfAborted } from "../../model/abort.ts";
import { compareBytes } from "../../model/byte-order.ts";
import type { TupleSource } from "../../model/need.ts";
import type { Head, Revision } from "../../model/revision.ts";
import type { Store, StoredSchema, TenantStore } from "../../model/store.ts";
import { sharedBucket, type Tenant, type TenantPlace } from "../../model/tenant.ts";
import { compareKeys } from "../../model/tuple-order.ts";
import { isExpired } from "../expired.ts";
import { budgetExhausted, tenantAlreadyExists, tenantNotFound } from "../refusals.ts";
import { createMemoryChanges } from "./changes.ts";
import { TenantMemory } from "./tenant-memory.ts";
import type { TupleTable } from "./tuple-table.ts";

/** What all tenants of one store share. */
interface Registry {
  readonly bySlug: Map<string, TenantMemory>;
  readonly byId: Map<string, TenantMemory>;
  /** By schema name; index is the version less one. */
  readonly schemas: Map<string, StoredSchema[]>;
}

/**
 * The reference store: the rules of the port, told plainly, for tests and for commands that need no database. Nothing is
 * ever collected, so every revision stays readable.
 * @param now milliseconds since the epoch.
 */
export function createMemoryStore({ now }: { readonly now: () => number }): Store {
  const registry: Registry = { bySlug: new Map(), byId: new Map(), schemas: new Map() };
  const find = (place: TenantPlace): TenantMemory | undefined => registry.byId.get(place.id);
  const at = (place: TenantPlace): TenantMemory => {
    const memory = find(place);
    if (memory === undefined) throw tenantNotFound();
    return memory;
  };
  const changes = createMemoryChanges(find);
  const announced = <Answer>(place: TenantPlace, answer: Answer, { revision }: Head): Answer => {
    changes.announce(place.id, revision);
    return answer;
  };
  return {
    tenants: createTenants(registry, now),
    revisions: {
      head: async (place) => at(place).head,
      at: async (place, revision) => registry.byId.get(place.id)?.heads[revision],
    },
    schemas: {
      read: async (place, version) => registry.schemas.get(at(place).tenant.schemaName)?.[version - 1],
      write: async (place, { text, expectedVersion, strands }) => {
        const memory = at(place);
        const head = memory.changeSchema(expectedVersion, strands, (createdAtMs) => {
          const name = memory.tenant.schemaName;
          const versions = registry.schemas.get(name) ?? [];
          registry.schemas.set(name, versions);
          return versions.push({ name, version: versions.length + 1, text, createdAtMs });
        });
        return announced(place, head, head);
      },
    },
    tuples: {
      write: async (place, request) => {
        const result = at(place).write(request);
        return announced(place, result, result.head);
      },
      deleteMatching: async (place, request) => {
        const result = at(place).deleteMatching(request);
        return announced(place, result, result.head);
      },
      page: async (place, { revision, nowMs, filter, after, limit }, signal) => {
        throwIfAborted(signal);
        return [...at(place).tuples.matchingAt(filter, revision)]
          .filter((tuple) => nowMs === undefined || !isExpired(tuple.expiresAtMs, nowMs))
          .filter((tuple) => after === undefined || compareKeys(tuple, after) > 0)
          .sort(compareKeys)
          .slice(0, limit);
      },
      source: (place, revision, signal) => createSource(() => at(place).tuples, revision, signal),
    },
    changes,
    ping: async () => {},
    close: async () => {},
  };
}

function createSource(table: () => TupleTable, revision: Revision, signal: AbortSignal | undefined): TupleSource {
  const present = (): TupleTable => {
    throwIfAborted(signal);
    return table();
  };
  return {
    async read(needs, maxRows) {
      const tuples = present();
      const answers = needs.map((need) => tuples.answer(need, revision));
      if (answers.reduce((rows, answer) => rows + answer.length, 0) > maxRows) throw budgetExhausted(maxRows);
      return answers;
    },
    async scanSubjects(scans, limit) {
      const tuples = present();
      return scans.map((scan) => tuples.scanSubjects(scan, limit, revision));
    },
    async scanObjects(scans, limit) {
      const tuples = present();
      return scans.map((scan) => tuples.scanObjects(scan, limit, revision));
    },
  };
}

function createTenants({ bySlug, byId }: Registry, now: () => number): TenantStore {
  return {
    async create({ slug, schemaName = slug }) {
      if (bySlug.has(slug)) throw tenantAlreadyExists(slug);
      const id = randomUUID();
      const tenant: Tenant = { id, slug, schemaName, bucket: sharedBucket(id), state: "active", createdAtMs: now() };
      const memory = new TenantMemory(tenant, now);
      bySlug.set(slug, memory);
      byId.set(id, memory);
      return tenant;
    },
    bySlug: async (slug) => bySlug.get(slug)?.tenant,
    byId: async (id) => byId.get(id)?.tenant,
    async list({ afterSlug = "", limit }) {
      const tenants = [...bySlug.values()].map(({ tenant }) => tenant);
      const rest = tenants.filter(({ slug }) => compareBytes(slug, afterSlug) > 0);
      return rest.sort((a, b) => compareBytes(a.slug, b.slug)).slice(0, limit);
    },
  };
}
