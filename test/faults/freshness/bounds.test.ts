import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { putQuestion, sendFlips } from "./clients.ts";
import { createFleet, type Fleet, type FleetNode, MAX_STALENESS_MS } from "./fleet.ts";
import { isTail } from "./mishaps.ts";
import { MODES, type Mode } from "./records.ts";

let fleet: Fleet;
let a: FleetNode;
let b: FleetNode;
let c: FleetNode;
let count = 0;

beforeAll(async () => {
  fleet = await createFleet({ nodes: 3 });
  [a, b, c] = fleet.nodes as [FleetNode, FleetNode, FleetNode];
});
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
  for (const node of fleet.nodes) expect(await ask(node, "at_least_as_fresh", token)).toBe("allowed");
});

/** On node a: u0 is in the group no more. */
async function revoke(): Promise<Grant> {
  const name = grant.tuple.slice("document:".length, grant.tuple.indexOf("#"));
  const token = await sendFlips(a.client(), [`-group:${name}#member@user:u0`], `revoke ${name}`);
  return { tuple: grant.tuple, token, atMs: performance.now() };
}

async function ask(node: FleetNode, mode: Mode, token = ""): Promise<string> {
  return (await putQuestion(node.client(), mode, token, { kind: "check", question: grant.tuple })).said;
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

test("nodes that have lost the database give errors, never old answers, and come back", async () => {
  // To the one nothing gets through, from the other nothing comes back.
  const cut = [b, c];
  b.proxy.freeze({ direction: "up" });
  c.proxy.freeze({ direction: "down" });
  const revoked = await revoke();
  await boundPasses(revoked);
  const asked = cut.flatMap((node) =>
    MODES.map((mode) => ask(node, mode, revoked.token).catch((error: { codeName: string }) => error.codeName)),
  );
  for (const said of await Promise.all(asked)) expect(said).toMatch(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/);
  for (const node of cut) node.proxy.thaw();
  for (const node of cut) {
    for (const mode of MODES) {
      const said = await waitFor(`an answer to ${mode}`, () => ask(node, mode, revoked.token).catch(() => undefined));
      expect(said).toBe("denied");
    }
  }
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
  const { pid } = c.process();
  process.kill(pid, "SIGSTOP");
  const revoked = await revoke();
  await boundPasses(revoked);
  // They lie at its door when it wakes up.
  const asked = MODES.map((mode) => ask(c, mode, revoked.token));
  process.kill(pid, "SIGCONT");
  expect(await Promise.all(asked)).toEqual(MODES.map(() => "denied"));
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
