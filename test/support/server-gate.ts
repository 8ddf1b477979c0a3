import type { Store } from "../../src/model/store.ts";

/** Holds back what passes until it is opened. */
export interface Gate {
  /** Resolves once open, rejects when the signal aborts. */
  pass(signal?: AbortSignal): Promise<void>;
  open(): void;
  close(): void;
  /** How many are waiting now. */
  readonly waiting: number;
}

export function createGate(): Gate {
  let isOpen = true;
  const waiting = new Set<() => void>();
  return {
    get waiting() {
      return waiting.size;
    },
    open() {
      isOpen = true;
      for (const go of waiting) go();
      waiting.clear();
    },
    close() {
      isOpen = false;
    },
    pass: (signal) =>
      new Promise((resolve, reject) => {
        if (isOpen) return resolve();
        waiting.add(resolve);
        signal?.addEventListener("abort", () => {
          waiting.delete(resolve);
          reject(signal.reason);
        });
      }),
  };
}

/** The real store with a gate before everything an evaluation reads. */
export function gateReads(store: Store, gate: Gate): Store {
  return {
    ...store,
    tuples: {
      ...store.tuples,
      source: (tenant, revision, signal) => {
        const source = store.tuples.source(tenant, revision, signal);
        return {
          read: async (needs, maxRows) => {
            await gate.pass(signal);
            return source.read(needs, maxRows);
          },
          scanSubjects: async (scans, limit) => {
            await gate.pass(signal);
            return source.scanSubjects(scans, limit);
          },
          scanObjects: async (scans, limit) => {
            await gate.pass(signal);
            return source.scanObjects(scans, limit);
          },
        };
      },
    },
  };
}
