import type { ClientConfig } from "pg";
import type { Need } from "../../src/model/need.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { openBareSql } from "../limits/bare-sql.ts";
import { median } from "../load/median.ts";
import type { DocumentsWorkload } from "../workloads/documents.ts";
import { type StatementFigures, timeActs } from "./time-acts.ts";

/** What a round has of each; they take turns within it. */
interface ReadRound {
  readonly selectOne: StatementFigures;
  readonly bareRead: StatementFigures;
  readonly pointRead: StatementFigures;
  readonly bareReads16: StatementFigures;
  readonly pointReads16: StatementFigures;
}

export interface AgainstBare {
  /** One tuple by its key, one after the other, and 16 at a time: medians over the rounds. */
  readonly pointRead: StatementFigures;
  readonly pointReads16: StatementFigures;
  readonly bareRead: StatementFigures;
  readonly selectOne: StatementFigures;
  /** Ours ÷ the bare ones, by rounds: calls per second. */
  readonly pointReadVsSelectOne: readonly number[];
  readonly pointReadVsBare: readonly number[];
  readonly pointReads16VsBare: readonly number[];
}

export interface AgainstBareInput {
  /** As the application role. */
  readonly connection: ClientConfig;
  readonly tenant: TenantPlace;
  readonly work: DocumentsWorkload;
  readonly rounds: number;
  /** Of one of the five. */
  readonly durationMs: number;
}

export const READERS = 16;

/** The store's read of one tuple, with its transaction, scope and checks, against the same read by the driver alone. */
export async function timeAgainstBare(input: AgainstBareInput): Promise<AgainstBare> {
  const { connection, tenant, work, durationMs } = input;
  const store = await createPostgresStore({ connection, poolMax: READERS });
  try {
    await using bare = await openBareSql(connection, tenant);
    await using single = await openBareSql(connection, tenant, 1);
    const { revision } = await store.revisions.head(tenant);
    const source = store.tuples.source(tenant, revision);
    const pointRead = (turn: number) => source.read([pointOf(work, turn)], 10);
    const found: ReadRound[] = [];
    for (let round = 0; round < input.rounds; round += 1)
      found.push({
        selectOne: await timeActs(durationMs, 1, single.selectOne),
        bareRead: await timeActs(durationMs, 1, (turn) => single.readTuple(pointOf(work, turn))),
        pointRead: await timeActs(durationMs, 1, pointRead),
        bareReads16: await timeActs(durationMs, READERS, (turn) => bare.readTuple(pointOf(work, turn))),
        pointReads16: await timeActs(durationMs, READERS, pointRead),
      });
    return resultOf(found);
  } finally {
    await store.close();
  }
}

function resultOf(found: readonly ReadRound[]): AgainstBare {
  const against = (ours: keyof ReadRound, theirs: keyof ReadRound) =>
    found.map((round) => round[ours].perSecond / round[theirs].perSecond);
  const of = (name: keyof ReadRound) => medians(found.map((round) => round[name]));
  return {
    pointRead: of("pointRead"),
    pointReads16: of("pointReads16"),
    bareRead: of("bareRead"),
    selectOne: of("selectOne"),
    pointReadVsSelectOne: against("pointRead", "selectOne"),
    pointReadVsBare: against("pointRead", "bareRead"),
    pointReads16VsBare: against("pointReads16", "bareReads16"),
  };
}

function medians(rounds: readonly StatementFigures[]): StatementFigures {
  const of = (pick: (round: StatementFigures) => number) => median(rounds.map(pick));
  return {
    calls: rounds.reduce((sum, { calls }) => sum + calls, 0),
    perSecond: of(({ perSecond }) => perSecond),
    medianUs: of(({ medianUs }) => medianUs),
    p99Us: of(({ p99Us }) => p99Us),
    p999Us: of(({ p999Us }) => p999Us),
    maxUs: of(({ maxUs }) => maxUs),
  };
}

/** Whether the subject of some question is a viewer of its object: sometimes there, mostly not. */
function pointOf(work: DocumentsWorkload, turn: number): Extract<Need, { readonly kind: "exact" }> {
  const { object, subject } = work.question(turn).question;
  return {
    kind: "exact",
    objectType: object.type,
    objectId: object.id,
    relation: "viewer",
    subjectType: subject.type,
    subjectId: subject.id,
    subjectRelation: "",
  };
}
