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
    // One that cannot confirm tries to, for each call, before it says no: its refusals take seconds.
    await Promise.all([revoked.refused(2), good.refused(2, [last])]);
    const late = letInAfter(good.uses, spoiltAtMs + fleet.boundMs);
    expect(late.filter(({ node }) => node === last.name)).toEqual([]);
    expect(good.uses.findLast(({ node }) => node === last.name)?.outcome).toBe("CREDENTIALS_UNCONFIRMED");
    last.proxy.thaw();
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
