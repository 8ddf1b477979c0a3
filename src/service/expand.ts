import { type ExpandPlace, Expansion } from "../engine/expand.ts";
import { validateObjectMember } from "../engine/validate.ts";
import type { ObjectRef } from "../model/object.ts";
import type { TreeNode } from "../model/tree.ts";
import type { TenantCall } from "./call.ts";
import type { ConsistencyRequest } from "./consistency-token.ts";
import { createCursorWriter, invalidCursor, openCursor } from "./cursor.ts";
import type { VerbDeps } from "./deps.ts";
import { beginEvaluation } from "./evaluation.ts";
import { createPace } from "./pace.ts";
import { requireReach } from "./reach.ts";

export interface ExpandRequest {
  readonly object: ObjectRef;
  /** A permission or a relation of the object's type. */
  readonly permission: string;
  /** `one_level`: the permission's own expression and the tuples of its relations, which are not followed. */
  readonly depth: "whole" | "one_level";
  /** Undefined when a cursor says it. */
  readonly consistency: ConsistencyRequest | undefined;
  /** Nodes of the page; 0, and whatever is above `maxExpandNodes`, stands for that. */
  readonly limit: number;
  /** Empty for the beginning. */
  readonly cursor: string;
}

export interface ExpandPage {
  readonly nodes: readonly TreeNode[];
  /** Of the first of `nodes`. */
  readonly firstIndex: number;
  /** Continues after `nodes`; empty when the tree is complete. */
  readonly cursor: string;
  readonly consistencyToken: string;
}

export type Expand = (call: TenantCall, request: ExpandRequest) => Promise<ExpandPage>;

/**
 * How a permission is made up, nothing evaluated; expired tuples are left out. All pages of a tree are of one revision
 * and one instant: an index means the same node on each.
 *
 * A page of a whole tree is found by going through those before it again, since a member may have been met there; a page of
 * one level begins with its own tuples.
 * @throws BUDGET_EXHAUSTED when a whole tree up to the page's end has more than `maxRows` tuples or `maxNodes` members
 */
export function createExpand(deps: VerbDeps): Expand {
  const { limits, sealer } = deps;
  return async (call, request) => {
    const { object, permission, depth, consistency, cursor } = request;
    // A tree of one level shows tuples of whatever relations of its type the permission is made of; a whole one, of any type.
    requireReach(call, "tuples:read", depth === "one_level" ? object.type : undefined);
    const question = { object, permission, depth };
    const opened = cursor === "" ? undefined : openCursor(sealer, "expand-cursor", call.tenant.id, question, cursor);
    const { nowMs, from } = opened === undefined ? beginning(call) : readPlace(opened.place);
    const { schema, source, position, consistencyToken } = await beginEvaluation(deps, call, {
      consistency,
      ...(opened && { at: opened.at }),
      contextualTuples: [],
    });
    validateObjectMember(schema, object, permission);
    const limit = request.limit === 0 ? limits.maxExpandNodes : Math.min(request.limit, limits.maxExpandNodes);
    const expansion = new Expansion(schema, { object, member: permission, depth }, { nowMs, from, limit, limits });
    const pace = createPace(call.signal);
    for (let read = expansion.read; read !== undefined; read = expansion.read) {
      expansion.feed(await source.scanSubjects(read.scans, read.limit));
      await pace(read.scans.length);
    }
    const { nodes, next } = expansion;
    const cursorAfter = createCursorWriter(sealer, "expand-cursor", position, question);
    return {
      nodes,
      firstIndex: from.index,
      cursor: next === undefined ? "" : cursorAfter(writePlace(nowMs, next)),
      consistencyToken,
    };
  };
}

function beginning({ nowMs }: TenantCall): { readonly nowMs: number; readonly from: ExpandPlace } {
  return { nowMs, from: { index: 0 } };
}

/** Spaces cannot occur in names or ids. */
function writePlace(nowMs: number, { index, within }: ExpandPlace): string {
  const place = [nowMs, index];
  if (within === undefined) return place.join(" ");
  const { subjectType, subjectId, subjectRelation } = within.after;
  return [...place, within.list, subjectType, subjectId, subjectRelation].join(" ");
}

function readPlace(place: string): { readonly nowMs: number; readonly from: ExpandPlace } {
  const [now, index, list, subjectType, subjectId, subjectRelation] = place.split(" ");
  if (index === undefined) throw invalidCursor("sealed, but no place in a tree");
  const from = { index: Number(index) };
  if (subjectType === undefined || subjectId === undefined || subjectRelation === undefined)
    return { nowMs: Number(now), from };
  const after = { subjectType, subjectId, subjectRelation };
  return { nowMs: Number(now), from: { ...from, within: { list: Number(list), after } } };
}
