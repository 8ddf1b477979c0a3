import { SILENT_LOGGER } from "../../src/log.ts";
import type { TenantCall } from "../../src/service/call.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { makeTenantOf } from "../database/bench-tenant.ts";
import type { BenchDatabase } from "../database/open-database.ts";
import { UNLIMITED_WORK, unlimitedCall } from "../growth/world.ts";
import type { Figure } from "../report/report.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";
import { WORKLOADS, type WorkloadName } from "../workloads/workloads.ts";

const TUPLES = 2_000;
const CHECKS = 150;
/** Deep groups, exclusions, and caveats with contexts in tuples. */
const CHECKED: readonly WorkloadName[] = ["documents", "exclusion", "caveats"];
const LATEST = { kind: "fully_consistent" } as const;
/** What every transaction has, and what only one. */
const FRAME: ReadonlySet<string> = new Set(["", "enter_scope"]);

interface Counted {
  /** Sent together and answered together. */
  flights: number;
  statements: number;
}

/** What requests to the service ask of Postgres when nothing is in memory. */
export async function databaseWork(database: Pick<BenchDatabase, "owner" | "app">): Promise<readonly Figure[]> {
  const counted: Counted = { flights: 0, statements: 0 };
  const store = await createPostgresStore({
    connection: database.app,
    observe: (flight) => {
      const asked = flight.filter(({ name }) => !FRAME.has(name)).length;
      counted.statements += asked;
      counted.flights += asked > 0 ? 1 : 0;
    },
  });
  try {
    const tokenKeys = [{ id: "bench", secret: "0123456789abcdef0123456789abcdef" }];
    const verbs = createVerbs({ store, tokenKeys, limits: UNLIMITED_WORK, now: Date.now, log: SILENT_LOGGER });
    const figures: Figure[] = [];
    for (const name of CHECKED) {
      const { tenant, work } = await makeTenantOf(database, `gate-${name}`, WORKLOADS[name](TUPLES));
      const call = unlimitedCall(tenant, Date.now());
      figures.push(...(await checks(name, verbs, call, work, counted)));
    }
    return figures;
  } finally {
    await store.close();
  }
}

async function checks(
  name: WorkloadName,
  verbs: Verbs,
  call: TenantCall,
  work: Workload,
  counted: Counted,
): Promise<readonly Figure[]> {
  // What is read once and kept, such as the schema, is no part of a Check.
  await ask(verbs, call, work.question(0));
  const before = { ...counted };
  let [rounds, rows] = [0, 0];
  for (let index = 0; index < CHECKS; index += 1) {
    const done = await ask(verbs, call, work.question(index));
    rounds += done.rounds;
    rows += done.rows;
  }
  const count = figureOf(name, "Check over Postgres");
  return [
    count("sql_rounds", "rounds", rounds / CHECKS),
    count("sql_rows", "tuples read", rows / CHECKS),
    count("sql_statements", "statements", (counted.statements - before.statements) / CHECKS),
    count("sql_flights", "round trips", (counted.flights - before.flights) / CHECKS),
  ];
}

async function ask(verbs: Verbs, call: TenantCall, asked: KnownQuestion) {
  const { object, member: permission, subject } = asked.question;
  const { context = {} } = asked;
  const { decision, work } = await verbs.check(call, { object, permission, subject, context, consistency: LATEST });
  if ((decision.kind === "allowed") !== asked.allowed)
    throw new Error(`a wrong answer over Postgres: ${JSON.stringify(asked)} was ${decision.kind}`);
  return work;
}

function figureOf(workload: WorkloadName, of: string) {
  return (measure: string, unit: string, value: number): Figure => ({
    id: `service/${workload}/${measure}`,
    what: `${unit} of a ${of}, ${workload}`,
    unit,
    kind: "count",
    better: "less",
    samples: [value],
  });
}
