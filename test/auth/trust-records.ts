import { randomUUID } from "node:crypto";
import {
  type BindingKey,
  bindingKeyText,
  type StoredBinding,
  type StoredRevocation,
  type TrustChange,
  type TrustKind,
  type TrustLog,
} from "../../src/model/trust-store.ts";

/** A log of trust in memory, whose answers a test can hold back and make fail. */
export interface TrustRecords {
  readonly log: TrustLog;
  change(kind: TrustKind, key: string): void;
  /** @param obsoleteAtMs left out: never */
  revoke(issuer: string, tokenId: string, obsoleteAtMs?: number): void;
  bind(key: BindingKey, tenantId: string, slug: string): void;
  /** The tenant is gone: its slug is not found any more. */
  removeTenant(id: string): void;
  /** The result puts everything back to how it is now. */
  backUp(): () => void;
  /** What is asked from now on waits for `release`. */
  hold(): void;
  /** Resolves once something waits. */
  asked(): Promise<void>;
  release(): void;
  /** @param method left out: every one */
  fail(method?: keyof TrustLog): void;
  heal(): void;
  /** Called before each answer of the log. */
  beforeAnswer: () => void;
  /** How often the log was asked for what is new. */
  readonly reads: number;
  readonly mostAtOnce: number;
}

interface Rows {
  readonly changes: readonly TrustChange[];
  readonly bindings: ReadonlyMap<string, StoredBinding>;
  readonly revocations: ReadonlyMap<string, StoredRevocation>;
}

const FIRST: TrustChange = { version: 0, mark: randomUUID(), kind: "begin", key: "" };
const ANSWER_TURNS = 5;
const NEVER_OBSOLETE_MS = Number.MAX_SAFE_INTEGER;

export function createTrustRecords(): TrustRecords {
  let rows: Rows = { changes: [FIRST], bindings: new Map(), revocations: new Map() };
  let failing: keyof TrustLog | "all" | undefined;
  let gate: PromiseWithResolvers<void> | undefined;
  let waiting = Promise.withResolvers<void>();
  let reads = 0;
  let atOnce = 0;
  let mostAtOnce = 0;

  const answer = async <Answer>(method: keyof TrustLog, read: (now: Rows) => Answer): Promise<Answer> => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    const now = rows;
    waiting.resolve();
    await gate?.promise;
    // Long enough that two that overlap are seen to.
    for (let turns = 0; turns < ANSWER_TURNS; turns += 1) await undefined;
    records.beforeAnswer();
    atOnce -= 1;
    if (failing === "all" || failing === method) throw new Error("no database");
    return read(now);
  };
  const change = (kind: TrustKind, key: string) => {
    const version = rows.changes.length;
    rows = { ...rows, changes: [...rows.changes, { version, mark: randomUUID(), kind, key }] };
  };

  const log: TrustLog = {
    end: () => answer("end", ({ changes }) => changes.at(-1) ?? FIRST),
    since: ({ version, mark }, limit) => {
      reads += 1;
      return answer("since", ({ changes }) => ({
        continues: changes[version]?.mark === mark,
        changes: changes.slice(version + 1, version + 1 + limit),
        complete: changes.length <= version + 1 + limit,
      }));
    },
    bindings: () => answer("bindings", ({ bindings }) => [...bindings.values()]),
    bindingsByKey: (keys) =>
      answer("bindingsByKey", ({ bindings }) => keys.flatMap((key) => bindings.get(bindingKeyText(key)) ?? [])),
    revocations: () => answer("revocations", ({ revocations }) => [...revocations.values()]),
    revocationsById: (ids) =>
      answer("revocationsById", ({ revocations }) => ids.flatMap((id) => revocations.get(id) ?? [])),
    listen: () => {},
  };

  const records: TrustRecords = {
    log,
    change,
    revoke(issuer, tokenId, obsoleteAtMs = NEVER_OBSOLETE_MS) {
      const id = randomUUID();
      const what = { kind: "token", tokenId } as const;
      const row = { id, issuer, what, createdAtMs: 0, createdBy: "", reason: "", obsoleteAtMs };
      rows = { ...rows, revocations: new Map([...rows.revocations, [id, row]]) };
      change("revocation", id);
    },
    bind(key, tenantId, slug) {
      const of = { tenantIds: [tenantId], tenants: [slug], platform: false };
      const row = { key, ...of, scopes: ["check"] as const, objects: [], updatedAtMs: 0, updatedBy: "" };
      rows = { ...rows, bindings: new Map([...rows.bindings, [bindingKeyText(key), row]]) };
      change("binding", bindingKeyText(key));
    },
    removeTenant(id) {
      const bindings = [...rows.bindings].map(
        ([key, row]) => [key, row.tenantIds.includes(id) ? { ...row, tenants: [] } : row] as const,
      );
      rows = { ...rows, bindings: new Map(bindings) };
      change("tenant", id);
    },
    backUp() {
      const then = rows;
      return () => {
        rows = then;
      };
    },
    hold() {
      gate = Promise.withResolvers();
      waiting = Promise.withResolvers();
    },
    asked: () => waiting.promise,
    release: () => {
      gate?.resolve();
      gate = undefined;
    },
    fail(method) {
      failing = method ?? "all";
    },
    heal() {
      failing = undefined;
    },
    beforeAnswer: () => {},
    get reads() {
      return reads;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
  return records;
}
