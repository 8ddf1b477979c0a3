import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { decisionOf, decisionOrCode, putQuestion, sendFlips } from "./clients.ts";
import { createFleet, type Fleet, type FleetNode, MAX_STALENESS_MS } from "./fleet.ts";
import { isTail } from "./mishaps.ts";
import { MODES, type Mode } from "./records.ts";

let fleet: Fleet;
let a: FleetNode;
let b: FleetNode;
let count = 0;

beforeAll(async () => {
  fleet = await createFleet({ nodes: 2 });
  [a, b] = fleet.nodes as [FleetNode, FleetNode];
}, 120_000);
afterAll(() => fleet[Symbol.asyncDispose]());

interface Grant {
  readonly tuple: string;
  readonly token: string;
  /** When its answer was there. */
  readonly atMs: number;
}

/** A document that user u0 may see through its folder and a group; every node has seen that. */
let grant: Grant;
beforeEach(async () => {
  const name = `bound${count++}`;
  const tuple = `document:${name}#view@user:u0`;
  const flips = [
    `~document:${name}#parent@folder:${name}`,
    `~folder:${name}#viewer@group:${name}#member`,
    `~group:${name}#member@user:u0`,
  ];
  const token = await sendFlips(a.client(), flips, name);
  grant = { tuple, token, atMs: performance.now() };
  for (const node of fleet.nodes) await waitFor(`${node.name} knows by heart`, () => knowsByHeart(node));
});

async function knowsByHeart(node: FleetNode): Promise<boolean> {
  const question = { kind: "check", question: grant.tuple } as const;
  const { said, fromMemory } = await putQuestion(node.client(), "at_least_as_fresh", grant.token, question);
  expect(said).toBe("allowed");
  return fromMemory;
}

/** On node a: u0 is in the group no more. */
async function revoke(): Promise<Grant> {
  const name = grant.tuple.slice("document:".length, grant.tuple.indexOf("#"));
  const token = await sendFlips(a.client(), [`-group:${name}#member@user:u0`], `revoke ${name}`);
  return { tuple: grant.tuple, token, atMs: performance.now() };
}

function ask(node: FleetNode, mode: Mode, token = ""): Promise<string> {
  return decisionOf(node, mode, token, grant.tuple);
}

/** From here on nobody may say what held before the write, in whatever mode. */
async function boundPasses({ atMs }: Grant): Promise<void> {
  await sleep(Math.max(0, atMs + MAX_STALENESS_MS + 1 - performance.now()));
}

test("what one node wrote all nodes know: at once with its token, and without within the bound", async () => {
  const revoked = await revoke();
  for (const node of fleet.nodes) {
    for (const mode of ["at_least_as_fresh", "at_exact_snapshot", "fully_consistent"] as const)
      expect(await ask(node, mode, revoked.token)).toBe("denied");
    expect(await ask(node, "at_exact_snapshot", grant.token)).toBe("allowed");
  }
  await boundPasses(revoked);
  for (const node of fleet.nodes) expect(await ask(node, "minimize_latency")).toBe("denied");
});

test("a node whose tail is frozen asks the database once its memory may be too old", async () => {
  b.proxy.freeze({ where: isTail });
  const revoked = await revoke();
  await boundPasses(revoked);
  for (const mode of MODES) expect(await ask(b, mode, revoked.token)).toBe("denied");
  b.proxy.thaw();
  for (const mode of MODES) expect(await ask(b, mode, revoked.token)).toBe("denied");
});

test("a node that has lost the database gives errors, never old answers, and comes back", async () => {
  // What it asks arrives; the answers do not.
  b.proxy.freeze({ direction: "down" });
  const revoked = await revoke();
  await boundPasses(revoked);
  const asked = MODES.map((mode) => decisionOrCode(b, mode, revoked.token, grant.tuple));
  for (const said of await Promise.all(asked)) expect(said).toMatch(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/);
  b.proxy.thaw();
  for (const mode of MODES) expect(await ask(b, mode, revoked.token)).toBe("denied");
});

test("hints that are lost do no harm", async () => {
  b.proxy.freeze({ where: (link) => link.hasSent("LISTEN") });
  const revoked = await revoke();
  expect(await ask(b, "at_least_as_fresh", revoked.token)).toBe("denied");
  await boundPasses(revoked);
  expect(await ask(b, "minimize_latency")).toBe("denied");
  b.proxy.thaw();
});

test("a process that was stopped for longer than the bound does not go on from where it was", async () => {
  const { pid } = b.process();
  process.kill(pid, "SIGSTOP");
  const revoked = await revoke();
  await boundPasses(revoked);
  // They lie at its door when it wakes up.
  const asked = MODES.map((mode) => decisionOrCode(b, mode, revoked.token, grant.tuple));
  process.kill(pid, "SIGCONT");
  for (const said of await Promise.all(asked)) expect(said).toMatch(/^(denied|UNAVAILABLE|DEADLINE_EXCEEDED)$/);
  for (const mode of MODES) expect(await ask(b, mode, revoked.token)).toBe("denied");
});

test.each([-0.8 * MAX_STALENESS_MS, -3_600_000, 3_600_000])(
  "a wall clock that jumps by %i ms makes no answer younger",
  async (jumpMs) => {
    b.proxy.freeze({ where: isTail });
    expect(await ask(b, "minimize_latency")).toBe("allowed");
    const revoked = await revoke();
    await b.setClock(jumpMs);
    await boundPasses(revoked);
    expect(await ask(b, "minimize_latency")).toBe("denied");
    b.proxy.thaw();
    await b.setClock(0);
  },
);
