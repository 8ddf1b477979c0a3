import { RelataError } from "../../errors.ts";
import type { LoggedDecision } from "../../model/audit.ts";
import { openPage, pageLimit, sealPage } from "../credentials/page-token.ts";
import type { AuditDeps, EitherCall } from "./deps.ts";
import { hashOf } from "./query.ts";

export interface QueryDecisionsRequest {
  /** Empty texts are no filter. */
  readonly actor: string;
  readonly outcome: string;
  /** `document:readme`. */
  readonly object: string;
  readonly subject: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
  /** 0 for 100; at most 1000. */
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface QueryDecisionsAnswer {
  readonly decisions: readonly LoggedDecision[];
  readonly nextPageToken: string;
}

export type QueryDecisions = (call: EitherCall, request: QueryDecisionsRequest) => Promise<QueryDecisionsAnswer>;

/** Newest first. */
export function createQueryDecisions({ audit, sealer }: Pick<AuditDeps, "audit" | "sealer">): QueryDecisions {
  return async (call, request) => {
    if (call.tenant === undefined)
      throw new RelataError("INVALID_REQUEST", "decisions are made in tenants: ask as a principal of one");
    const { id } = call.tenant;
    const limit = pageLimit(request.pageSize);
    const { fromMs, untilMs } = request;
    const filter = {
      ...(request.actor !== "" && { actor: request.actor }),
      ...(request.outcome !== "" && { outcome: request.outcome }),
      ...(request.object !== "" && { object: request.object }),
      ...(request.subject !== "" && { subject: request.subject }),
      ...(fromMs !== undefined && { fromMs }),
      ...(untilMs !== undefined && { untilMs }),
    };
    const list = [id, hashOf(filter)];
    const place = openPage<readonly [number, number]>(sealer, "decision-page", list, request.pageToken);
    const before = place && { decidedAtMs: place[0], number: place[1] };
    const page = await audit.decisions(id, { ...filter, limit, ...(before !== undefined && { before }) }, call.signal);
    const { next } = page;
    return {
      decisions: page.decisions,
      nextPageToken: next === undefined ? "" : sealPage(sealer, "decision-page", list, [next.decidedAtMs, next.number]),
    };
  };
}
