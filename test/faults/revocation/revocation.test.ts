import { afterAll, beforeAll, expect, test } from "vitest";
import { createFleetHere } from "./fleet-here.ts";
import { letInAfter, startLoad } from "./load.ts";
import type { CredentialFleet } from "./node.ts";
import { WAYS } from "./ways.ts";

let fleet: CredentialFleet;
beforeAll(async () => {
  fleet = await createFleetHere();
});
afterAll(() => fleet[Symbol.asyncDispose]());

/** The bound is a promise and no measurement: however slow the machine, nobody is let in who began later than it. */
test.each(Object.entries(WAYS))("%s on one node: no node lets it in past the bound, under load", async (_, way) => {
  const node = fleet.nodes.at(-1);
  if (node === undefined) throw new Error("a fleet has nodes");
  const victim = await way(fleet);
  await using load = startLoad(fleet, victim.token);
  await load.letIn(5);
  await victim.revoke(node);
  const answeredAtMs = performance.now();
  await load.refused(5);
  await load.stop();
  expect(letInAfter(load.uses, answeredAtMs + fleet.boundMs)).toEqual([]);
  const refused = new Set(load.uses.filter((use) => use.beganAtMs > answeredAtMs).map(({ outcome }) => outcome));
  expect(
    refused.difference(new Set(["ok", "UNAUTHENTICATED", "PERMISSION_DENIED"])),
    "was none of the refusals",
  ).toEqual(new Set());
});
