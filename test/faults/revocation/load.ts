import { setTimeout as sleep } from "node:timers/promises";
import { CallError } from "../../../src/client/call-error.ts";
import type { RelataClient } from "../../../src/client/relata-client.ts";
import { wireQuestion } from "../../support/server-seed.ts";
import { type CredentialFleet, clientOf, type ServingNode } from "./node.ts";

/** One use of a credential on one node, by one monotonic clock. */
export interface Use {
  readonly node: string;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** `ok`, or why it was refused. */
  readonly outcome: string;
}

/** Somebody who uses one credential on all nodes, over and over. */
export interface Load extends AsyncDisposable {
  readonly uses: readonly Use[];
  /** Resolves once every node has let the credential in this many times in a row. @throws after ten seconds */
  letIn(times: number): Promise<void>;
  /** Resolves once every node named has refused it this many times in a row. @throws after twenty seconds more than the bound */
  refused(times: number, nodes?: readonly ServingNode[]): Promise<void>;
  stop(): Promise<void>;
}

/** Not let in. Whatever else comes back, the credential was believed. */
const REFUSALS: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "PERMISSION_DENIED", "CREDENTIALS_UNCONFIRMED"]);
export const wasLetIn = ({ outcome }: Use): boolean => !REFUSALS.has(outcome);

/** Two callers a node, each asking again when it was answered; a pause leaves the machine's time to the nodes. */
const CALLERS = 2;
const PAUSE_MS = 4;
const QUESTION = wireQuestion("document:1#view@user:anne");

export function startLoad(fleet: CredentialFleet, token: string): Load {
  const uses: Use[] = [];
  const over = new AbortController();
  const callers = fleet.nodes.flatMap((node) =>
    Array.from({ length: CALLERS }, () => useUntil(node, token, uses, over.signal)),
  );
  const stop = async () => {
    over.abort();
    await Promise.all(callers);
  };
  const untilEach = async (wanted: boolean, times: number, nodes: readonly ServingNode[], patienceMs: number) => {
    const deadline = performance.now() + patienceMs;
    const behind = () => nodes.filter(({ name }) => !lastAre(uses, name, wanted, times)).map(({ name }) => name);
    while (behind().length > 0) {
      if (performance.now() > deadline)
        throw new Error(`${behind().join(", ")} not ${wanted ? "letting in" : "refusing"}: ${lastOutcomes(uses)}`);
      await sleep(PAUSE_MS);
    }
  };
  return {
    uses,
    letIn: (times) => untilEach(true, times, fleet.nodes, 10_000),
    refused: (times, nodes = fleet.nodes) => untilEach(false, times, nodes, fleet.boundMs + 20_000),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Uses one credential on one node over and over, and notes how it went. */
export async function useUntil(
  node: Pick<ServingNode, "name" | "address">,
  token: string,
  uses: Use[],
  signal: AbortSignal,
  ask: (client: RelataClient) => Promise<unknown> = ({ authorization }) => authorization.check(QUESTION),
): Promise<void> {
  const client = clientOf(node.address, token);
  while (!signal.aborted) {
    const beganAtMs = performance.now();
    const outcome = await ask(client).then(
      () => "ok",
      (error: unknown) => (error instanceof CallError ? error.reason || error.codeName : String(error)),
    );
    uses.push({ node: node.name, beganAtMs, endedAtMs: performance.now(), outcome });
    await sleep(PAUSE_MS);
  }
  client.close();
}

function lastAre(uses: readonly Use[], node: string, wanted: boolean, times: number): boolean {
  const last = uses.filter((use) => use.node === node).slice(-times);
  return last.length === times && last.every((use) => wasLetIn(use) === wanted && (!wanted || use.outcome === "ok"));
}

function lastOutcomes(uses: readonly Use[]): string {
  return uses
    .slice(-12)
    .map(({ node, outcome }) => `${node}:${outcome}`)
    .join(" ");
}

/** Milliseconds from `sinceMs` to the end of the last use of each node that was let in; 0 when there was none after it. */
export function lastLetIn(uses: readonly Use[], sinceMs: number): ReadonlyMap<string, number> {
  const delays = new Map<string, number>();
  for (const use of uses) {
    const soFar = delays.get(use.node) ?? 0;
    delays.set(use.node, wasLetIn(use) ? Math.max(soFar, use.endedAtMs - sinceMs) : soFar);
  }
  return delays;
}

/** Uses that were let in though they began later than `sinceMs`. There must be none past the bound. */
export function letInAfter(uses: readonly Use[], sinceMs: number): readonly Use[] {
  return uses.filter((use) => use.beganAtMs > sinceMs && wasLetIn(use));
}
