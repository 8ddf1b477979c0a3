import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { wireQuestion } from "../support/server-seed.ts";
import { type JournalEntry, readJournal, stateOf } from "./journal.ts";
import { openSession } from "./session.ts";

export interface Reading {
  /** Batches that were answered. */
  readonly answered: number;
  readonly violations: readonly JournalEntry[];
}

/**
 * Asks for the newest acknowledged write of each writer in turn until aborted: with the write's token its tuples are all there,
 * or all gone because the writer went on, and never gone when it did not.
 */
export async function readUntil(
  signal: AbortSignal,
  directory: string,
  tenant: string,
  writers: readonly string[],
): Promise<Reading> {
  const session = openSession(directory, tenant);
  const violations: JournalEntry[] = [];
  let answered = 0;
  for (let turn = 0; !signal.aborted; turn += 1) {
    const file = join(directory, `${writers[turn % writers.length]}.jsonl`);
    const { lastAck } = stateOf(readJournal(file));
    const allowed = lastAck && (await ask(session.client(), lastAck.write.adds, lastAck.token).catch(() => undefined));
    if (lastAck === undefined || allowed === undefined) {
      await sleep(25);
      continue;
    }
    answered += 1;
    const id = lastAck.write.id;
    if (new Set(allowed).size > 1) violations.push({ kind: "violation", message: `saw half of ${id}: ${allowed}` });
    const since = stateOf(readJournal(file));
    const moved = since.lastAck?.write.id !== id || since.unsettled !== undefined;
    if (!moved && allowed.includes(false)) violations.push({ kind: "violation", message: `did not see ${id}` });
  }
  session.close();
  return { answered, violations };
}

async function ask(
  client: ReturnType<ReturnType<typeof openSession>["client"]>,
  tuples: readonly string[],
  token: string,
): Promise<readonly boolean[]> {
  const consistency = { requirement: { case: "atLeastAsFresh", value: token } } as const;
  const { results } = await client.authorization.batchCheck({ items: tuples.map(wireQuestion), consistency });
  return results.map(({ result }) => {
    if (result.case !== "answer") throw new Error("no answer");
    return result.value.decision === Decision.ALLOWED;
  });
}
