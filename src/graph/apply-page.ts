import type { ChangePage, RevisionChanges, TupleChange } from "../model/change.ts";
import type { Head } from "../model/revision.ts";
import { type ArrivingGraph, type FollowedTenant, isSameHead } from "./followed-tenant.ts";
import type { ResidentGraph } from "./resident-graph.ts";
import type { SlicedJob } from "./slices.ts";

/** A step of some 20 to 50 µs. */
const CHANGES_PER_STEP = 32;

/**
 * Why a page does not go on from `from`, or passes by what the tenant or its arriving graph has otherwise; undefined when it
 * does and does not. A graph that was filled just before a database was restored may be ahead of what is followed since.
 */
export function breakOf(page: ChangePage, from: Head, tenant: FollowedTenant): string | undefined {
  if (page.base === undefined) return `the database has no revision ${from.revision}, or its changes no longer`;
  const own = [from, tenant.applied, tenant.arriving?.sealed];
  const heads = [page.base, ...page.revisions.map(({ head }) => head)];
  for (const [index, head] of heads.entries()) {
    if (head.revision !== from.revision + index) return `revision ${from.revision + index} is missing`;
    const isOther = own.some((one) => one !== undefined && one.revision === head.revision && !isSameHead(one, head));
    if (isOther) return `the database has another revision ${head.revision}`;
  }
  return undefined;
}

/**
 * Takes a page of changes in, a few changes a step. Readers are at `applied` or before, so what is half in is seen by nobody
 * until `publish`. Graphs that arrive while the page is being taken in are left for the next one: they would get the rest of it.
 */
export class ApplyPage implements SlicedJob {
  readonly #tenant: FollowedTenant;
  readonly #revisions: readonly RevisionChanges[];
  /** Nothing newer was there at this instant; undefined when the page is not the last. */
  readonly #completeAtMs: number | undefined;
  readonly #epoch: number;
  readonly #graph: ResidentGraph | undefined;
  readonly #arriving: ArrivingGraph | undefined;
  #revision = 0;
  #change = 0;

  constructor(tenant: FollowedTenant, page: ChangePage, beganAtMs: number) {
    this.#tenant = tenant;
    this.#revisions = page.revisions;
    this.#completeAtMs = page.complete ? beganAtMs : undefined;
    this.#epoch = tenant.epoch;
    this.#graph = tenant.graph;
    this.#arriving = follows(page, tenant.arriving) ? tenant.arriving : undefined;
  }

  step(): boolean {
    const revision = this.#revisions[this.#revision];
    if (revision === undefined || this.#tenant.epoch !== this.#epoch) return true;
    const part = revision.changes.slice(this.#change, this.#change + CHANGES_PER_STEP);
    this.#take(revision.head, part);
    this.#change += part.length;
    if (this.#change >= revision.changes.length) {
      this.#publish(revision);
      this.#revision += 1;
      this.#change = 0;
    }
    return false;
  }

  #take(head: Head, changes: readonly TupleChange[]): void {
    const { applied, graph, arriving, reads } = this.#tenant;
    const late = arriving !== undefined && arriving === this.#arriving && isNext(head, arriving.sealed);
    if (late) applyTo(arriving.graph, head, changes);
    if (!isNext(head, applied)) return;
    if (graph !== undefined && graph === this.#graph) applyTo(graph, head, changes);
    for (const change of changes) reads.changed(head.revision, change);
  }

  #publish({ head, changes }: RevisionChanges): void {
    const tenant = this.#tenant;
    const { arriving } = tenant;
    if (arriving !== undefined && arriving === this.#arriving && isNext(head, arriving.sealed)) {
      arriving.graph.publish(head);
      arriving.sealed = head;
    }
    if (!isNext(head, tenant.applied)) return;
    const isNewest = this.#revision === this.#revisions.length - 1;
    tenant.publish(head, changes.length, isNewest ? this.#completeAtMs : undefined);
  }
}

/** The page goes on from what the graph has, or from before: not if it was on its way already when the graph was filled. */
function follows({ base }: ChangePage, arriving: ArrivingGraph | undefined): boolean {
  return arriving?.sealed !== undefined && base !== undefined && base.revision <= arriving.sealed.revision;
}

/** Not taken in yet. @throws rather than to skip a revision: what is thrown here has the tenant start over. */
function isNext({ revision }: Head, than: Head | undefined): boolean {
  if (than === undefined || revision <= than.revision) return false;
  if (revision > than.revision + 1) throw new Error(`revision ${revision} was offered to what is at ${than.revision}`);
  return true;
}

function applyTo(graph: ResidentGraph, { revision }: Head, changes: readonly TupleChange[]): void {
  for (const change of changes) {
    if (change.kind === "put") graph.put(revision, change.tuple);
    else graph.remove(revision, change.tuple);
  }
}
