import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { decisionOf, decisionOrCode, sendFlips } from "./clients.ts";
import { createFleet, type FleetNode, MAX_STALENESS_MS } from "./fleet.ts";
import { MODES } from "./records.ts";

async function write(node: FleetNode, ...flips: readonly string[]): Promise<string> {
  return await waitFor("a write", () => sendFlips(node.client(), flips, "").catch(() => undefined));
}

test("nodes that go on over a database put back to a backup answer from its history, and never from both", async () => {
  await using fleet = await createFleet({ nodes: 3 });
  const [a, b, c] = fleet.nodes as [FleetNode, FleetNode, FleetNode];
  const kept = await write(
    a,
    "~document:d#parent@folder:f",
    "~folder:f#viewer@group:g#member",
    "~group:g#member@user:u0",
  );
  const restore = await fleet.database.backUp();

  for (const node of fleet.nodes)
    expect(await decisionOf(node, "at_exact_snapshot", kept, "document:d#view@user:u0")).toBe("allowed");

  // What will be gone: u1 joins the group, u0 leaves it, and there is another document.
  await write(a, "~group:g#member@user:u1");
  await write(a, "-group:g#member@user:u0");
  const lost = await write(a, "~document:e#parent@folder:f");
  for (const node of fleet.nodes) {
    expect(await decisionOf(node, "at_least_as_fresh", lost, "document:e#view@user:u1")).toBe("allowed");
    expect(await decisionOf(node, "minimize_latency", "", "document:e#view@user:u0")).toBe("denied");
  }
  const [restored] = await Promise.all([restore().then(() => performance.now()), c.proxy.freeze()]);

  // Two nodes meet the older state, and say of the lost token that it is.
  for (const node of [a, b]) {
    expect(await decisionOf(node, "fully_consistent", "", "document:d#view@user:u1")).toBe("denied");
    expect(await decisionOf(node, "fully_consistent", "", "document:d#view@user:u0")).toBe("allowed");
    for (const mode of ["at_least_as_fresh", "at_exact_snapshot"] as const)
      expect(await decisionOf(node, mode, lost, "document:e#view@user:u1")).toBe("REVISION_UNAVAILABLE");
    expect(await decisionOf(node, "at_exact_snapshot", kept, "document:d#view@user:u0")).toBe("allowed");
  }

  // The third hears nothing until the history has grown past all that it knew: the same numbers, other contents.
  const grown: string[] = [];
  for (const user of ["u2", "u3", "u4", "u5", "u6"]) grown.push(await write(a, `~group:g#member@user:${user}`));
  // These numbers it knows, and once it has not heard of them for the bound, it does not take them for those of the token.
  await sleep(Math.max(0, restored + MAX_STALENESS_MS + 1 - performance.now()));
  const mistaken = grown.map((token) => decisionOrCode(c, "at_exact_snapshot", token, "document:d#view@user:u1"));
  for (const said of await Promise.all(mistaken)) expect(said).toMatch(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/);
  c.proxy.cut();
  c.proxy.thaw();
  const newest = grown.at(-1) ?? "";
  for (const node of fleet.nodes) {
    for (const mode of ["at_least_as_fresh", "at_exact_snapshot", "fully_consistent"] as const) {
      const said = (question: string) => decisionOf(node, mode, newest, question);
      expect(await said("document:d#view@user:u0"), `${node.name} ${mode}`).toBe("allowed");
      expect(await said("document:d#view@user:u1"), `${node.name} ${mode}`).toBe("denied");
      expect(await said("document:e#view@user:u1"), `${node.name} ${mode}`).toBe("denied");
      expect(await said("document:d#view@user:u6"), `${node.name} ${mode}`).toBe("allowed");
    }
    for (const [index, token] of grown.entries()) {
      const user = `u${index + 3}`;
      expect(await decisionOf(node, "at_exact_snapshot", token, `document:d#view@user:${user}`)).toBe("denied");
    }
  }
  await sleep(Math.max(0, restored + MAX_STALENESS_MS + 1 - performance.now()));
  for (const node of fleet.nodes) {
    for (const mode of MODES) {
      expect(await decisionOf(node, mode, newest, "document:d#view@user:u1"), `${node.name} ${mode}`).toBe("denied");
      expect(await decisionOf(node, mode, newest, "document:d#view@user:u0"), `${node.name} ${mode}`).toBe("allowed");
    }
  }
}, 120_000);
