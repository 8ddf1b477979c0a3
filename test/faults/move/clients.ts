import { setTimeout as sleep } from "node:timers/promises";
import { CallError } from "../../../src/client/call-error.ts";
import { wireUpdate } from "../../support/server-seed.ts";
import type { Write } from "../journal.ts";
import type { Random } from "../random.ts";
import type { Node } from "./node.ts";
import { noteError, type Records } from "./records.ts";
import { type Consistency, LOOKS, type LookName, writeOf } from "./story.ts";

/** Answers that say nothing about whether the write happened, or that it did not get that far: ask again, with the same key. */
const ASK_AGAIN: ReadonlySet<string> = new Set([
  ...["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED", "RESOURCE_EXHAUSTED"],
]);
const AGAIN_AFTER_MS = 10;

export interface Pace {
  readonly pauseMs: number;
  /** Above the bound of `minimize_latency` of the nodes. */
  readonly staleMs: number;
}

/** Writes one after the other, each to any node, and sometimes once more with the same key. */
export async function writeUntil(
  signal: AbortSignal,
  writer: string,
  { nodes, records, random, pace }: { nodes: readonly Node[]; records: Records; random: Random; pace: Pace },
): Promise<void> {
  const anyNode = () => nodes[random.below(nodes.length)] as Node;
  for (let n = 0; !signal.aborted; n += 1) {
    const write = writeOf(writer, n);
    records.journal.push({ kind: "intent", write });
    records.begun.set(writer, n + 1);
    const beganAtMs = performance.now();
    for (let token: string | undefined; token === undefined; ) {
      const node = anyNode();
      try {
        const answer = await send(node, write);
        token = answer.consistencyToken;
        const endedAtMs = performance.now();
        records.journal.push({ kind: "ack", id: write.id, token });
        records.acks.get(writer)?.push({ n, token, atMs: endedAtMs });
        records.done.push({ kind: "write", node: node.name, beganAtMs, endedAtMs });
      } catch (error) {
        noteError(records, node, error);
        if (!(error instanceof CallError) || !ASK_AGAIN.has(error.codeName)) {
          records.problems.push(`write ${write.id} was answered ${String(error)}`);
          return;
        }
        await sleep(AGAIN_AFTER_MS);
      }
    }
    if (random.below(4) === 0) await repeat(anyNode(), write, records);
    await sleep(pace.pauseMs);
  }
}

export function send(node: Node, { id, adds, removes }: Write) {
  const updates = [...adds.map((tuple) => wireUpdate(`+${tuple}`)), ...removes.map((tuple) => wireUpdate(`-${tuple}`))];
  return node.client.tuples.write({ updates, idempotencyKey: id, metadata: { write: id } });
}

/** Calls again for as long as nobody knows what became of it. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CallError) || !ASK_AGAIN.has(error.codeName)) throw error;
    }
  }
}

/** A client that lost the answer asks again, wherever the tenant is by then. */
async function repeat(node: Node, write: Write, records: Records): Promise<void> {
  const answer = await send(node, write).catch(() => undefined);
  if (answer?.replayed === false) records.problems.push(`write ${write.id} was done again when repeated`);
}

const MODES = ["fresh", "exact", "past", "newest", "any"] as const;
/** One in so many reads reads everything of a writer. */
const WHOLE_READS = 12;

/** Reads from one node, in every way and every mode in turn, what writers have been told is there. */
export async function readUntil(
  signal: AbortSignal,
  node: Node,
  { records, random, pace }: { records: Records; random: Random; pace: Pace },
): Promise<void> {
  const writers = [...records.acks.keys()];
  for (let turn = 0; !signal.aborted; turn += 1) {
    const writer = writers[random.below(writers.length)] ?? "";
    const mode = MODES[turn % MODES.length] ?? "newest";
    const known = knownTo(mode, records.acks.get(writer) ?? [], { random, pace });
    if (known !== undefined) {
      const look = turn % WHOLE_READS === 0 ? "byResources" : CHEAP[random.below(CHEAP.length)];
      await readOnce(signal, node, { writer, mode, ...known, look: look ?? "byCheck" }, records);
    }
    await sleep(pace.pauseMs);
  }
}

const CHEAP: readonly LookName[] = ["byChecks", "byCheck", "byRead", "bySubjects"];
type Mode = (typeof MODES)[number];

interface Question {
  readonly writer: string;
  readonly mode: Mode;
  readonly n: number;
  readonly consistency: Consistency;
  readonly look: LookName;
}

function knownTo(
  mode: Mode,
  acks: Records["acks"] extends Map<string, infer List> ? List : never,
  { random, pace }: { random: Random; pace: Pace },
): Pick<Question, "n" | "consistency"> | undefined {
  const past = acks[random.below(Math.max(1, acks.length))];
  const longAgo = performance.now() - pace.staleMs;
  const ack = mode === "past" ? past : mode === "any" ? acks.findLast(({ atMs }) => atMs < longAgo) : acks.at(-1);
  if (ack === undefined) return undefined;
  const { n, token } = ack;
  switch (mode) {
    case "fresh":
      return { n, consistency: { requirement: { case: "atLeastAsFresh", value: token } } };
    case "exact":
    case "past":
      return { n, consistency: { requirement: { case: "atExactSnapshot", value: token } } };
    case "newest":
      return { n, consistency: { requirement: { case: "fullyConsistent", value: true } } };
    case "any":
      return { n, consistency: { requirement: { case: "minimizeLatency", value: true } } };
  }
}

async function readOnce(
  signal: AbortSignal,
  node: Node,
  { writer, mode, n, consistency, look }: Question,
  records: Records,
): Promise<void> {
  const beganAtMs = performance.now();
  while (!signal.aborted) {
    try {
      const seen = await LOOKS[look](node.client, writer, n, consistency);
      const endedAtMs = performance.now();
      records.done.push({ kind: "read", node: node.name, beganAtMs, endedAtMs });
      const begun = records.begun.get(writer) ?? 0;
      const isExact = mode === "exact" || mode === "past";
      const isRight = typeof seen === "number" && (isExact ? seen === n : seen >= n && seen < begun);
      if (!isRight)
        records.problems.push(
          `${node.name} ${look} ${mode} of ${writer} at write ${n} saw ${typeof seen === "number" ? seen : seen.wrong}`,
        );
      return;
    } catch (error) {
      noteError(records, node, error);
      if (!(error instanceof CallError) || !ASK_AGAIN.has(error.codeName)) {
        records.problems.push(`${node.name} ${look} ${mode} was answered ${String(error)}`);
        return;
      }
      await sleep(AGAIN_AFTER_MS);
    }
  }
}
