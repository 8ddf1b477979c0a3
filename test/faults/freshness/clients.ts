import { setTimeout as sleep } from "node:timers/promises";
import { tupleToWire } from "../../../src/cli/wire.ts";
import { CallError } from "../../../src/client/call-error.ts";
import type { RelataClient } from "../../../src/client/relata-client.ts";
import { Decision } from "../../../src/gen/relata/v1/authorization_service_pb.ts";
import { TupleUpdate_Operation } from "../../../src/gen/relata/v1/tuple_service_pb.ts";
import { parseObject, parseTuple } from "../../../src/model/tuple-text.ts";
import { wireQuestion } from "../../support/server-seed.ts";
import { waitFor } from "../../support/wait.ts";
import type { Random } from "../random.ts";
import type { Fleet, FleetNode } from "./fleet.ts";
import { type Ask, CONTEXT, type Flip, pick, randomAsk, randomFlips, SCHEMAS } from "./flips.ts";
import { MODES, type Mode, type Records } from "./records.ts";

/** Tokens that go round among all clients, as they would beside the content they belong to. */
export type TokenRing = { token: string; revision: number }[];

const RING = 50;
const SCHEMA_PAUSE_MS = 500;
/** Between two calls of a client: leaves the machine's time to the nodes. */
const PAUSE_MS = 5;

/** Writes on one node, before all go to the next. */
const STAY = 100;

/** What relata says when the database or a node is out of reach. */
const EXCUSED: ReadonlySet<string> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"]);

export interface Crew {
  readonly fleet: Fleet;
  readonly records: Records;
  readonly ring: TokenRing;
  readonly signal: AbortSignal;
}

/**
 * Writes until aborted. All writers stay with one node for a while, unless it fails them: the others must hear of the writes by
 * themselves. A write without an answer is left open: the database will tell.
 */
export async function writeUntil(crew: Crew, name: string, random: Random): Promise<void> {
  const { fleet, records, signal } = crew;
  let hasFailed = false;
  for (let n = 0; !signal.aborted; n += 1) {
    const home = fleet.nodes[Math.floor(records.writes.length / STAY) % fleet.nodes.length];
    const node = home === undefined || hasFailed ? pick(random, fleet.nodes) : home;
    const write = { id: `${name}/${n}`, flips: randomFlips(random, name, n), acknowledged: undefined };
    const record = { ...write } as Records["writes"][number];
    records.writes.push(record);
    try {
      const token = await sendFlips(node.client(), record.flips, record.id);
      const revision = fleet.revisionOf(token);
      record.acknowledged = { atMs: performance.now(), revision };
      pass(crew, token);
      hasFailed = false;
    } catch (error) {
      noteError(crew, node, "write", error);
      hasFailed = true;
    }
    await sleep(PAUSE_MS);
  }
}

/** Changes the schema to and fro, until aborted. */
export async function changeSchemaUntil(crew: Crew, random: Random): Promise<void> {
  const { fleet, records, signal } = crew;
  for (let n = 1; !signal.aborted; n += 1) {
    // Some hundred answers in between.
    await sleep(SCHEMA_PAUSE_MS + random.below(SCHEMA_PAUSE_MS), undefined, { signal }).catch(() => {});
    const node = pick(random, fleet.nodes);
    try {
      const { consistencyToken } = await node.client().schemas.write({ text: SCHEMAS[n % SCHEMAS.length] ?? "" });
      records.told.push({ atMs: performance.now(), revision: fleet.revisionOf(consistencyToken) });
      pass(crew, consistencyToken);
    } catch (error) {
      noteError(crew, node, "schema", error);
    }
  }
}

/** All in one revision; returns its token. */
export async function sendFlips(client: RelataClient, flips: readonly Flip[], id: string): Promise<string> {
  const updates = flips.map((flip) => ({
    operation: flip[0] === "~" ? TupleUpdate_Operation.TOUCH : TupleUpdate_Operation.DELETE,
    tuple: tupleToWire(parseTuple(flip.slice(1))),
  }));
  return (await client.tuples.write({ updates, metadata: { write: id } })).consistencyToken;
}

/** Asks until aborted, each time any node in any mode; tokens come from whoever had one last. */
export async function readUntil(crew: Crew, random: Random): Promise<void> {
  const { fleet, ring, signal } = crew;
  while (!signal.aborted) {
    const node = pick(random, fleet.nodes);
    // The newest token is the hardest.
    const entry = ring[random.below(2) === 0 ? ring.length - 1 : random.below(Math.max(1, ring.length))];
    const mode = entry === undefined ? "minimize_latency" : pick(random, MODES);
    await readOnce(crew, node, mode, entry, randomAsk(random));
    await sleep(PAUSE_MS);
  }
}

/** One question, noted. False when it got no answer. */
export async function readOnce(
  crew: Crew,
  node: FleetNode,
  mode: Mode,
  entry: TokenRing[number] | undefined,
  ask: Ask,
): Promise<boolean> {
  const token = mode === "at_least_as_fresh" || mode === "at_exact_snapshot" ? entry : undefined;
  const beganAtMs = performance.now();
  try {
    const { said, token: given, fromMemory } = await putQuestion(node.client(), mode, token?.token ?? "", ask);
    const revision = given === undefined ? undefined : crew.fleet.revisionOf(given);
    const endedAtMs = performance.now();
    const asked = token?.revision ?? 0;
    crew.records.answers.push({ node: node.name, mode, asked, beganAtMs, endedAtMs, revision, ask, said, fromMemory });
    if (given !== undefined) pass(crew, given);
    return true;
  } catch (error) {
    noteError(crew, node, `${mode} ${ask.kind}`, error);
    return false;
  }
}

function pass({ fleet, ring }: Crew, token: string): void {
  ring.push({ token, revision: fleet.revisionOf(token) });
  if (ring.length > RING) ring.shift();
}

/** Nor is it a fault to shed load. A token that is newer than the database is none of the passing troubles. */
function isExcused({ codeName, reason }: CallError): boolean {
  if (reason === "OVERLOADED") return true;
  return EXCUSED.has(codeName) && reason !== "REVISION_UNAVAILABLE";
}

function noteError({ records }: Crew, node: FleetNode, what: string, error: unknown): void {
  const known = error instanceof CallError ? error : undefined;
  const name = known?.reason || known?.codeName || "not a CallError";
  records.errors.set(name, (records.errors.get(name) ?? 0) + 1);
  if (known !== undefined && isExcused(known)) return;
  records.problems.push(`${node.name} ${what}: ${name}: ${error instanceof Error ? error.message : error}`);
}

/** The decision, or the reason of an error, of one question to a node; asked again while node or database are out of reach. */
export async function decisionOf(node: FleetNode, mode: Mode, token: string, question: string): Promise<string> {
  return await waitFor(`node ${node.name} answers ${mode}`, async () => {
    try {
      return (await putQuestion(node.client(), mode, token, { kind: "check", question })).said;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return isExcused(error) ? undefined : error.reason;
    }
  });
}

/** The same without asking again. */
export async function decisionOrCode(node: FleetNode, mode: Mode, token: string, question: string): Promise<string> {
  const answer = putQuestion(node.client(), mode, token, { kind: "check", question });
  return await answer.then(
    ({ said }) => said,
    (error: CallError) => error.codeName,
  );
}

interface Given {
  readonly said: string;
  /** A lookup without results brings none. */
  readonly token: string | undefined;
  /** Of checks: nothing was read for it. */
  readonly fromMemory: boolean;
}

/** The answer as the judge writes it. */
export async function putQuestion(client: RelataClient, mode: Mode, token: string, ask: Ask): Promise<Given> {
  const consistency = consistencyOf(mode, token);
  const context = CONTEXT;
  switch (ask.kind) {
    case "check": {
      const question = { ...wireQuestion(ask.question), context, consistency, withDebug: true };
      const { decision, consistencyToken: token, debug } = await client.authorization.check(question);
      return { said: wordOf(decision), token, fromMemory: debug?.rounds === 0 };
    }
    case "batch": {
      const items = ask.questions.map((question) => ({ ...wireQuestion(question), context }));
      const question = { items, consistency, withDebug: true };
      const { results, consistencyToken: token, debug } = await client.authorization.batchCheck(question);
      const words = results.map(({ result }) =>
        result.case === "answer" ? wordOf(result.value.decision) : `${result.value?.reason}`,
      );
      return { said: words.join(" "), token, fromMemory: debug?.rounds === 0 };
    }
    case "resources": {
      const subject = { object: { type: "user", id: ask.user } };
      const question = { objectType: "document", permission: "view", subject, context, consistency };
      return collect(client.authorization.lookupResources(question), ({ objectId }) => objectId);
    }
    case "subjects": {
      const { permission } = ask;
      const question = { object: parseObject(ask.object), permission, subjectType: "user", context, consistency };
      return collect(client.authorization.lookupSubjects(question), ({ subjectId }) => subjectId);
    }
  }
}

function consistencyOf(mode: Mode, token: string) {
  switch (mode) {
    case "minimize_latency":
      return { requirement: { case: "minimizeLatency", value: true } } as const;
    case "fully_consistent":
      return { requirement: { case: "fullyConsistent", value: true } } as const;
    case "at_least_as_fresh":
      return { requirement: { case: "atLeastAsFresh", value: token } } as const;
    case "at_exact_snapshot":
      return { requirement: { case: "atExactSnapshot", value: token } } as const;
  }
}

async function collect<Result extends { readonly consistencyToken: string }>(
  results: AsyncIterable<Result>,
  idOf: (result: Result) => string,
): Promise<Given> {
  const ids: string[] = [];
  let token: string | undefined;
  for await (const result of results) {
    ids.push(idOf(result));
    token = result.consistencyToken;
  }
  return { said: ids.sort().join(" "), token, fromMemory: false };
}

function wordOf(decision: Decision): string {
  switch (decision) {
    case Decision.ALLOWED:
      return "allowed";
    case Decision.DENIED:
      return "denied";
    case Decision.CONDITIONAL:
      return "conditional";
    default:
      return `decision ${decision}`;
  }
}
