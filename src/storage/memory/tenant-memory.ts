import type { Head, Revision } from "../../model/revision.ts";
import type {
  DeleteRequest,
  DeleteResult,
  Idempotency,
  Precondition,
  StrandProbe,
  TupleUpdate,
  WriteRequest,
  WriteResult,
} from "../../model/store.ts";
import { isStranded } from "../../model/strand-probe.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { Tuple } from "../../model/tuple.ts";
import { compareKeys } from "../../model/tuple-order.ts";
import { isExpired } from "../expired.ts";
import {
  idempotencyKeyReused,
  requirePreconditions,
  requireSchemaVersion,
  tooManyToDelete,
  tupleAlreadyExists,
  tupleIsStranded,
} from "../refusals.ts";
import { TupleTable } from "./tuple-table.ts";

type Method = "write" | "delete";

interface FirstAnswer {
  readonly method: Method;
  readonly requestHash: string;
  readonly answer: DeleteResult;
}

/** One tenant's state. Every method is synchronous, so each is atomic and writes have a total order. */
export class TenantMemory {
  readonly tenant: Tenant;
  readonly tuples = new TupleTable();
  /** Index is the revision. */
  readonly heads: Head[];
  readonly #firstAnswers = new Map<string, FirstAnswer>();
  readonly #now: () => number;

  constructor(tenant: Tenant, now: () => number) {
    this.tenant = tenant;
    this.#now = now;
    this.heads = [{ revision: 0, schemaName: tenant.schemaName, schemaVersion: 0, committedAtMs: tenant.createdAtMs }];
  }

  get head(): Head {
    const head = this.heads.at(-1);
    if (head === undefined) throw new Error("a tenant has a head from its creation on");
    return head;
  }

  write(request: WriteRequest): WriteResult {
    const { updates, preconditions, schemaVersion, idempotency } = request;
    const first = this.#firstAnswer("write", idempotency);
    if (first !== undefined) return { head: first.head, replayed: true };
    requireSchemaVersion(this.head.schemaVersion, schemaVersion);
    this.#requirePreconditions(preconditions, request.nowMs);
    for (const { operation, tuple } of updates) {
      const live = operation === "create" ? this.tuples.live(tuple) : undefined;
      if (live !== undefined && !isExpired(live.expiresAtMs, request.nowMs)) throw tupleAlreadyExists(tuple);
    }
    const head = this.#advance({});
    for (const update of updates) this.#apply(update, head.revision);
    this.#keep("write", idempotency, { head, deleted: 0, complete: true, replayed: true });
    return { head, replayed: false };
  }

  deleteMatching(request: DeleteRequest): DeleteResult {
    const { filter, limit, preconditions, idempotency } = request;
    const first = this.#firstAnswer("delete", idempotency);
    if (first !== undefined) return first;
    if (request.schemaVersion !== undefined) requireSchemaVersion(this.head.schemaVersion, request.schemaVersion);
    this.#requirePreconditions(preconditions, request.nowMs);
    const found = [...this.tuples.matchingLive(filter)].sort(compareKeys);
    const complete = found.length <= limit;
    if (!complete && !request.allowPartial) throw tooManyToDelete(limit, filter);
    const head = this.#advance({});
    const doomed = found.slice(0, limit);
    for (const tuple of doomed) this.tuples.end(tuple, head.revision);
    const answer = { head, deleted: doomed.length, complete, replayed: false };
    this.#keep("delete", idempotency, { ...answer, replayed: true });
    return answer;
  }

  /** @param nextVersion is asked for once nothing stands in the way any more. */
  changeSchema(expectedVersion: number, strands: readonly StrandProbe[], nextVersion: (atMs: number) => number): Head {
    requireSchemaVersion(this.head.schemaVersion, expectedVersion);
    for (const probe of strands) {
      const [stranded] = [...this.tuples.matchingLive(probe.filter)]
        .filter((t) => isStranded(t, probe))
        .sort(compareKeys);
      if (stranded !== undefined) throw tupleIsStranded(probe.message, stranded);
    }
    const committedAtMs = this.#clock();
    return this.#advance({ schemaVersion: nextVersion(committedAtMs), committedAtMs });
  }

  #apply({ operation, tuple }: TupleUpdate, revision: Revision): void {
    this.tuples.end(tuple, revision);
    if (operation !== "delete") this.tuples.begin(structuredClone(tuple), revision);
  }

  #advance(change: Partial<Head>): Head {
    const head = { ...this.head, revision: this.head.revision + 1, committedAtMs: this.#clock(), ...change };
    this.heads.push(head);
    return head;
  }

  /** Never backwards within a tenant. */
  #clock(): number {
    return Math.max(this.#now(), this.head.committedAtMs);
  }

  #requirePreconditions(preconditions: readonly Precondition[], nowMs: number): void {
    const matched = preconditions.flatMap(({ filter }, index) =>
      isAny(this.tuples.matchingLive(filter), nowMs) ? [index] : [],
    );
    requirePreconditions(preconditions, new Set(matched));
  }

  #firstAnswer(method: Method, idempotency: Idempotency | undefined): DeleteResult | undefined {
    const first = idempotency && this.#firstAnswers.get(idempotency.key);
    if (first === undefined || idempotency === undefined) return undefined;
    if (first.method !== method || first.requestHash !== idempotency.requestHash) {
      throw idempotencyKeyReused(idempotency.key);
    }
    return first.answer;
  }

  #keep(method: Method, idempotency: Idempotency | undefined, answer: DeleteResult): void {
    if (idempotency === undefined) return;
    this.#firstAnswers.set(idempotency.key, { method, requestHash: idempotency.requestHash, answer });
  }
}

function isAny(tuples: Iterable<Tuple>, nowMs: number): boolean {
  for (const { expiresAtMs } of tuples) if (!isExpired(expiresAtMs, nowMs)) return true;
  return false;
}
