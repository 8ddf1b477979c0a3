// A process that writes and notes what it was told, until SIGTERM. Tests kill it and start it again.
// node writer.ts <directory> <tenant> <name> <seed>
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { CallError } from "../../src/client/call-error.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { wireQuestion, wireUpdate } from "../support/server-seed.ts";
import { append, nextWrite, readJournal, stateOf, type Write } from "./journal.ts";
import { createRandom } from "./random.ts";
import { openSession } from "./session.ts";

/** Answers that say nothing about whether the write happened: ask again with the same key. */
const UNKNOWN_OUTCOME: ReadonlySet<string> = new Set([
  ...["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"],
  // Load is shed where the machine is late.
  "RESOURCE_EXHAUSTED",
]);
const RETRY_AFTER_MS = 25;

const [directory = "", tenant = "", name = "", seed = ""] = process.argv.slice(2);
const file = join(directory, `${name}.jsonl`);
const random = createRandom(Number(seed));
const session = openSession(directory, tenant);
let stopping = false;
process.on("SIGTERM", () => {
  stopping = true;
});
// The test is gone.
process.on("disconnect", () => process.exit(1));

const { unsettled } = stateOf(readJournal(file));
// What a killed predecessor left open is asked again, or left open for ever: both must be right.
if (unsettled !== undefined && random.below(2) === 0) await settle(unsettled);
while (!stopping) {
  const write = nextWrite(name, stateOf(readJournal(file)));
  append(file, { kind: "intent", write });
  await settle(write);
}
session.close();
process.disconnect();

async function settle(write: Write): Promise<void> {
  const token = await insist(write);
  append(file, { kind: "ack", id: write.id, token });
  process.send?.("ack");
  if (random.below(5) === 0) await repeat(write);
  await readBack(write, token);
}

async function insist(write: Write): Promise<string> {
  for (;;) {
    try {
      return (await send(write)).consistencyToken;
    } catch (error) {
      if (!(error instanceof CallError) || !UNKNOWN_OUTCOME.has(error.codeName)) {
        append(file, { kind: "violation", message: `write ${write.id} was answered ${inspect(error)}` });
        process.exit(1);
      }
      await sleep(RETRY_AFTER_MS);
    }
  }
}

function send({ id, adds, removes }: Write) {
  const updates = [...adds.map((tuple) => wireUpdate(`+${tuple}`)), ...removes.map((tuple) => wireUpdate(`-${tuple}`))];
  return session.client().tuples.write({ updates, idempotencyKey: id, metadata: { write: id } });
}

/** A client that lost the answer asks again. */
async function repeat(write: Write): Promise<void> {
  const answer = await send(write).catch(() => undefined);
  if (answer?.replayed === false) {
    append(file, { kind: "violation", message: `write ${write.id} was done again when repeated` });
  }
}

/** Nobody else writes these tuples: at this token or later they are there. */
async function readBack(write: Write, token: string): Promise<void> {
  const question = wireQuestion(write.adds[random.below(write.adds.length)] ?? "");
  const consistency = { requirement: { case: "atLeastAsFresh", value: token } } as const;
  const answer = await session
    .client()
    .authorization.check({ ...question, consistency })
    .catch(() => undefined);
  if (answer !== undefined && answer.decision !== Decision.ALLOWED) {
    append(file, { kind: "violation", message: `after write ${write.id} a Check with its token did not see it` });
  }
}
