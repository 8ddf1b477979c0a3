import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decisionOf, decisionOrCode, putQuestion, sendFlips } from "./freshness/clients.ts";
import { createFleet, type Fleet, type FleetNode } from "./freshness/fleet.ts";
import { isTail } from "./freshness/mishaps.ts";
import { SERVE } from "./freshness/node-process.ts";
import { MODES } from "./freshness/records.ts";

/**
 * "Zanzibar: Google's Consistent, Global Authorization System", 2.2. The nodes may answer `minimize_latency` from what they
 * knew a minute ago: what protects from the new enemy is the order of revisions and the tokens, not luck.
 */
const MINUTE = { RELATA_MAX_STALENESS_MS: "60000" };

/** Bob is u1. He may see the folder and what is in it, and node b has seen that. */
async function letBobSee(b: FleetNode, a: FleetNode, name: string): Promise<void> {
  const flips = [`~folder:${name}#viewer@user:u1`, `~document:${name}-old#parent@folder:${name}`];
  const token = await sendFlips(a.client(), flips, name);
  expect(await decisionOf(b, "at_least_as_fresh", token, `document:${name}-old#view@user:u1`)).toBe("allowed");
}

describe("the new enemy", () => {
  let fleet: Fleet;
  let a: FleetNode;
  let b: FleetNode;
  /** Does not look at tokens. */
  let careless: FleetNode;

  beforeAll(async () => {
    const doctored = [join(import.meta.dirname, "freshness/doctored-node.ts"), "no-token-check"];
    fleet = await createFleet({ nodes: 3, env: MINUTE, programs: [SERVE, SERVE, doctored] });
    [a, b, careless] = fleet.nodes as [FleetNode, FleetNode, FleetNode];
  }, 120_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("Alice takes Bob off the folder, then Charlie lays a new document into it: Bob never sees that", async () => {
    await letBobSee(b, a, "f0");
    b.proxy.freeze({ where: isTail });
    const removed = await sendFlips(a.client(), ["-folder:f0#viewer@user:u1"], "removed");
    const added = await sendFlips(a.client(), ["~document:new#parent@folder:f0"], "added");
    // Node b lives in the past. There Bob may see the old document, and there is no new one.
    expect(await decisionOf(b, "minimize_latency", "", "document:f0-old#view@user:u1")).toBe("allowed");
    expect(await decisionOf(b, "minimize_latency", "", "document:new#view@user:u1")).toBe("denied");
    // Whoever has heard of the new document brings its token, and Bob's removal is older than that.
    expect(await decisionOf(b, "at_least_as_fresh", added, "document:new#view@user:u1")).toBe("denied");
    expect(await decisionOf(b, "at_least_as_fresh", added, "document:f0-old#view@user:u1")).toBe("denied");
    expect(await decisionOf(b, "at_exact_snapshot", removed, "document:f0-old#view@user:u1")).toBe("denied");
    expect(await decisionOf(b, "fully_consistent", "", "document:f0-old#view@user:u1")).toBe("denied");
    b.proxy.thaw();
    for (const mode of MODES) expect(await decisionOf(b, mode, added, "document:new#view@user:u1")).toBe("denied");
  });

  test("Alice takes Bob off the document, then Charlie changes it: Bob is not judged by older tuples", async () => {
    const before = await sendFlips(a.client(), ["~document:plan#viewer@user:u1"], "plan");
    expect(await decisionOf(b, "at_least_as_fresh", before, "document:plan#view@user:u1")).toBe("allowed");
    b.proxy.freeze({ where: isTail });
    await sendFlips(a.client(), ["-document:plan#viewer@user:u1"], "not Bob's any more");
    // The new content is stored with the token of a Check of Charlie's that is as new as can be.
    const question = { kind: "check", question: "document:plan#view@user:u2" } as const;
    const { token } = await putQuestion(a.client(), "fully_consistent", "", question);
    expect(await decisionOf(b, "minimize_latency", "", "document:plan#view@user:u1")).toBe("allowed");
    expect(await decisionOf(b, "at_least_as_fresh", token ?? "", "document:plan#view@user:u1")).toBe("denied");
    // The old content was his to see, and whoever asks for that very moment is told so.
    expect(await decisionOf(b, "at_exact_snapshot", before, "document:plan#view@user:u1")).toBe("allowed");
    b.proxy.thaw();
  });

  test("a node that reaches no database at all says so, and not what it knew", async () => {
    await letBobSee(b, a, "f1");
    b.proxy.freeze();
    const removed = await sendFlips(a.client(), ["-folder:f1#viewer@user:u1"], "removed from f1");
    const asked = MODES.filter((mode) => mode !== "minimize_latency").map((mode) =>
      decisionOrCode(b, mode, removed, "document:f1-old#view@user:u1"),
    );
    for (const said of await Promise.all(asked)) expect(said).toMatch(/^(UNAVAILABLE|DEADLINE_EXCEEDED)$/);
    b.proxy.thaw();
  });

  test("a node that does not check tokens lets Bob in: the stories above can fail", async () => {
    await letBobSee(careless, a, "f2");
    const removed = await sendFlips(a.client(), ["-folder:f2#viewer@user:u1"], "removed from f2");
    expect(await decisionOf(careless, "at_least_as_fresh", removed, "document:f2-old#view@user:u1")).toBe("allowed");
  });
});
