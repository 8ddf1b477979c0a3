import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createRevocationFleet } from "./fleet.ts";
import { lastLetIn, letInAfter, startLoad } from "./load.ts";
import { healNetwork, loseHints, type RevocationFleet, type RevocationNode } from "./node.ts";
import { WAYS } from "./ways.ts";

/** Of each way: three nodes each make a distribution of ninety. */
const ROUNDS = 30;
const PATIENCE_MS = 300_000;

let fleet: RevocationFleet;
beforeAll(async () => {
  fleet = await createRevocationFleet();
}, 120_000);
afterAll(() => fleet[Symbol.asyncDispose]());
afterEach(() => healNetwork(fleet));

async function victimOf(way: string) {
  const victim = await WAYS[way]?.(fleet);
  if (victim === undefined) throw new Error(`there is no way called ${way}`);
  return victim;
}

/**
 * Takes one credential away on one node, under load on all.
 * @returns of each node, how long after the answer the last use that was let in ended, milliseconds
 */
async function revokeOnce(way: string, node: RevocationNode): Promise<readonly number[]> {
  const victim = await victimOf(way);
  await using load = startLoad(fleet, victim.token);
  await load.letIn(5);
  await victim.revoke(node);
  const answeredAtMs = performance.now();
  await load.refused(10);
  await load.stop();
  expect(letInAfter(load.uses, answeredAtMs + fleet.boundMs)).toEqual([]);
  return [...lastLetIn(load.uses, answeredAtMs).values()];
}

async function revokeOften(way: string, said: string): Promise<void> {
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const node = fleet.nodes[round % fleet.nodes.length];
    if (node !== undefined) delays.push(...(await revokeOnce(way, node)));
  }
  delays.sort((a, b) => a - b);
  const at = (share: number) => Math.round(delays[Math.ceil(delays.length * share) - 1] ?? 0);
  const figures = `median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms`;
  process.stdout.write(`from the answer to the last use let in, ${said}, ${delays.length} figures: ${figures}\n`);
  expect(at(1)).toBeLessThan(fleet.boundMs);
}

test.each(Object.keys(WAYS))(
  "%s: every node, under load, refuses it within the bound",
  (way) => revokeOften(way, way),
  PATIENCE_MS,
);

test(
  "with every hint lost, polling alone keeps the bound",
  async () => {
    loseHints(fleet);
    await revokeOften("its jti revoked", "without hints");
  },
  PATIENCE_MS,
);

const SPOILT: Readonly<Record<string, (node: RevocationNode) => void>> = {
  frozen: ({ proxy }) => proxy.freeze(),
  "slower than the bound": ({ proxy }) => proxy.delay(fleet.boundMs),
  "cut, and frozen when it is made anew": ({ proxy }) => {
    proxy.freeze();
    proxy.cut();
  },
};

test.each(Object.entries(SPOILT))(
  "a node whose way to the database is %s lets nobody in past the bound, and recovers",
  async (_, spoil) => {
    const [first, , last] = fleet.nodes;
    if (first === undefined || last === undefined) throw new Error("three nodes are needed");
    const victim = await victimOf("its jti revoked");
    await using revoked = startLoad(fleet, victim.token);
    await using good = startLoad(fleet, fleet.mint({ sub: "good" }));
    await Promise.all([revoked.letIn(5), good.letIn(5)]);
    spoil(last);
    const spoiltAtMs = performance.now();
    await victim.revoke(first);
    const answeredAtMs = performance.now();
    await Promise.all([revoked.refused(20), good.refused(20, [last])]);
    const late = letInAfter(good.uses, spoiltAtMs + fleet.boundMs);
    expect(late.filter(({ node }) => node === last.name)).toEqual([]);
    expect(good.uses.findLast(({ node }) => node === last.name)?.outcome).toBe("CREDENTIALS_UNCONFIRMED");
    last.proxy.thaw();
    last.proxy.delay(0);
    await good.letIn(20);
    expect(letInAfter(revoked.uses, answeredAtMs + fleet.boundMs)).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "with the database gone nobody is let in anywhere past the bound, until it is back",
  async () => {
    await using good = startLoad(fleet, fleet.mint({ sub: "good" }));
    await good.letIn(5);
    await fleet.crashDatabase();
    const goneAtMs = performance.now();
    await good.refused(20);
    expect(letInAfter(good.uses, goneAtMs + fleet.boundMs)).toEqual([]);
    for (const { name } of fleet.nodes)
      expect(good.uses.findLast(({ node }) => node === name)?.outcome).toBe("CREDENTIALS_UNCONFIRMED");
    await fleet.startDatabase();
    await good.letIn(5);
  },
  PATIENCE_MS,
);

test(
  "a process of PostgreSQL that is killed takes all connections with it: nobody revoked comes in by that, and everybody else does again",
  async () => {
    const victim = await victimOf("its jti revoked");
    await using revoked = startLoad(fleet, victim.token);
    await using good = startLoad(fleet, fleet.mint({ sub: "good" }));
    await Promise.all([revoked.letIn(5), good.letIn(5)]);
    const [first] = fleet.nodes;
    if (first === undefined) throw new Error("a node is needed");
    await victim.revoke(first);
    const answeredAtMs = performance.now();
    await fleet.killBackend();
    await revoked.refused(10);
    await good.letIn(20);
    expect(letInAfter(revoked.uses, answeredAtMs + fleet.boundMs)).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "put back to a backup, the database is believed by every node: what was revoked before stays so, and what was made since is nobody's",
  async () => {
    const victim = await victimOf("its jti revoked");
    const [first] = fleet.nodes;
    if (first === undefined) throw new Error("a node is needed");
    await victim.revoke(first);
    const restore = await fleet.backUpDatabase();
    await using good = startLoad(fleet, fleet.mint({ sub: "good" }));
    await good.letIn(5);
    const { token } = await victimOf("the API token revoked");
    await using since = startLoad(fleet, token);
    await using before = startLoad(fleet, victim.token);
    await Promise.all([since.letIn(5), before.refused(10)]);
    await restore();
    const restoredAtMs = performance.now();
    await Promise.all([good.letIn(20), since.refused(20), before.refused(20)]);
    expect(letInAfter(before.uses, 0)).toEqual([]);
    expect(letInAfter(since.uses, restoredAtMs + fleet.boundMs)).toEqual([]);
  },
  PATIENCE_MS,
);
