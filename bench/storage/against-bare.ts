import type { ClientConfig } from "pg";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { WrongAnswer } from "../engine/time-checks.ts";
import { openBareSql } from "../limits/bare-sql.ts";
import { median } from "../load/median.ts";
import type { DocumentsWorkload } from "../workloads/documents.ts";
import { type KnownPoint, knownPoints, type PointKey } from "./known-points.ts";
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
  /** Of the point reads and the bare ones. */
  readonly compared: number;
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
const POINTS = 20_000;
const COMPARED = ["bareRead", "pointRead", "bareReads16", "pointReads16"] as const;

/** The store's read of one tuple, with its transaction, scope and checks, against the same read by the driver alone. */
export async function timeAgainstBare(input: AgainstBareInput): Promise<AgainstBare> {
  const { connection, tenant, work, durationMs } = input;
  const store = await createPostgresStore({ connection, poolMax: READERS });
  try {
    await using bare = await openBareSql(connection, tenant);
    await using single = await openBareSql(connection, tenant, 1);
    const { revision } = await store.revisions.head(tenant);
    const source = store.tuples.source(tenant, revision);
    const points = knownPoints(work, POINTS);
    const read = async (key: PointKey) => (await source.read([key], 10))[0]?.length ?? 0;
    const acts = {
      bareRead: comparing(points, single.readTuple),
      pointRead: comparing(points, read),
      bareReads16: comparing(points, bare.readTuple),
      pointReads16: comparing(points, read),
    };
    const round = async (): Promise<ReadRound> => ({
      selectOne: await timeActs(durationMs, 1, single.selectOne),
      bareRead: await timeActs(durationMs, 1, acts.bareRead),
      pointRead: await timeActs(durationMs, 1, acts.pointRead),
      bareReads16: await timeActs(durationMs, READERS, acts.bareReads16),
      pointReads16: await timeActs(durationMs, READERS, acts.pointReads16),
    });
    // Compiles what both sides do, and has Postgres read what is asked for.
    await round();
    const found: ReadRound[] = [];
    for (let turn = 0; turn < input.rounds; turn += 1) found.push(await round());
    return resultOf(found);
  } finally {
    await store.close();
  }
}

/** One point after the other, around and around, from round to round. Throws on a wrong answer. */
function comparing(points: readonly KnownPoint[], read: (key: PointKey) => Promise<number>): () => Promise<void> {
  let next = 0;
  return async () => {
    const { key, found } = points[next++ % points.length] as KnownPoint;
    const rows = await read(key);
    if (rows !== (found ? 1 : 0))
      throw new WrongAnswer(
        `wrong answer: ${rows} rows of ${JSON.stringify(key)}, which is ${found ? "" : "not "}there`,
      );
  };
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
    compared: found.reduce((sum, round) => sum + COMPARED.reduce((calls, name) => calls + round[name].calls, 0), 0),
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
