import { throwIfAborted } from "../../model/abort.ts";
import type { ChangeHint, ChangePage, ChangeStore, RevisionChanges, TupleBatch } from "../../model/change.ts";
import type { Head, Revision } from "../../model/revision.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { encodeBatch } from "../encode-batch.ts";
import { tenantNotFound } from "../refusals.ts";
import type { TenantMemory } from "./tenant-memory.ts";

const BATCH_TUPLES = 1_000;

/** @param find undefined when there is no such tenant. */
export function createMemoryChanges(find: (place: TenantPlace) => TenantMemory | undefined): ChangeStore {
  const listeners = new Set<(hint: ChangeHint) => void>();
  const at = (place: TenantPlace, signal: AbortSignal | undefined): TenantMemory => {
    throwIfAborted(signal);
    const memory = find(place);
    if (memory === undefined) throw tenantNotFound();
    return memory;
  };
  return {
    async heads(tenants, signal) {
      throwIfAborted(signal);
      return new Map(
        tenants.flatMap((place): [string, Head][] => {
          const head = find(place)?.head;
          return head === undefined ? [] : [[place.id, head]];
        }),
      );
    },
    since: async (place, after, limit, signal) => changesSince(at(place, signal), after, limit),
    count: async (place, limit, signal) => Math.min(limit, at(place, signal).tuples.stored().length),
    async snapshot(place, signal) {
      const { head, tuples } = at(place, signal);
      const stored = tuples.stored();
      async function* batches(): AsyncGenerator<TupleBatch> {
        for (let from = 0; from < stored.length; from += BATCH_TUPLES) {
          throwIfAborted(signal);
          yield encodeBatch(stored.slice(from, from + BATCH_TUPLES));
        }
      }
      return { head, batches: batches() };
    },
    announce(tenantId, revision) {
      for (const heard of listeners) queueMicrotask(() => heard({ kind: "changed", tenantId, revision }));
    },
    listen(heard, signal) {
      if (signal.aborted) return;
      const own = (hint: ChangeHint) => {
        if (!signal.aborted) heard(hint);
      };
      listeners.add(own);
      signal.addEventListener("abort", () => listeners.delete(own), { once: true });
    },
  };
}

function changesSince(memory: TenantMemory, after: Revision, limit: number): ChangePage {
  const base = memory.heads[after];
  const revisions: RevisionChanges[] = [];
  let changes = 0;
  for (const head of memory.heads.slice(after + 1)) {
    const own = memory.tuples.changesOf(head.revision);
    changes += own.length;
    if (revisions.length > 0 && changes > limit) break;
    revisions.push({ head, changes: own });
  }
  return {
    base,
    revisions: base === undefined ? [] : revisions,
    complete: after + revisions.length >= memory.head.revision,
  };
}
