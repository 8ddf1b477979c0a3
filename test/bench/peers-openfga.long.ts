import { beforeAll, describe, expect, it } from "vitest";
import { openOpenFga } from "../../bench/peers/openfga.ts";
import type { LoadedPeer, Peer, PeerAddress } from "../../bench/peers/peer.ts";
import type { Workload } from "../../bench/workloads/workload.ts";
import { WORKLOADS } from "../../bench/workloads/workloads.ts";
import { loadScenarios, OWN } from "../corpus/scenario.ts";
import { scenarioWorkload } from "./scenario-workload.ts";

/** Such as `http://localhost:8080`: an OpenFGA in which stores may be made. */
const URL_OF_OPENFGA = process.env["OPENFGA_URL"];
const TOKEN = process.env["OPENFGA_TOKEN"];
const WHY_NOT = "OPENFGA_URL names no OpenFGA";
const QUESTIONS = 300;
const TUPLES = 10_000;

/** OpenFGA wants every parameter of a condition, even where another operand decides; relata and SpiceDB do not. */
const LACKS_PARAMETER = /is missing context parameters/;
/** What a server refuses by a rule of its own, which relata has not. */
const REFUSED = new Map([
  ["caveat-in-cycle.yaml", /cannot write a tuple that is implicit/],
  ["cycle-of-groups.yaml", /cannot write a tuple that is implicit/],
  ["mutual-permissions.yaml", /an authorization model cannot contain a cycle/],
]);

/** What is wrong of the answers, what was refused for want of a parameter. */
async function compare(loaded: LoadedPeer, work: Workload) {
  const wrong: string[] = [];
  const lacking: string[] = [];
  const asked = work.questions(QUESTIONS);
  for (const one of asked) {
    try {
      if ((await loaded.check(one)) !== one.allowed) wrong.push(`${one.kind}: ${one.allowed} is known`);
    } catch (error) {
      if (!LACKS_PARAMETER.test(String(error)) || one.allowed) wrong.push(`${one.kind}: ${String(error)}`);
      else lacking.push(one.kind);
    }
  }
  return { wrong, lacking, asked: asked.length };
}

describe("a real OpenFGA", () => {
  let peer: Peer;

  beforeAll(async () => {
    if (URL_OF_OPENFGA === undefined) return;
    const { hostname, port } = new URL(URL_OF_OPENFGA);
    const place: Omit<PeerAddress, "token"> = { name: "openfga", host: hostname, port: Number(port || 80) };
    peer = await openOpenFga({ ...place, ...(TOKEN !== undefined && { token: TOKEN }) });
  });

  it("answers every scenario that it has words for as relata does", async (context) => {
    if (URL_OF_OPENFGA === undefined) return context.skip(WHY_NOT);
    const unsaid: string[] = [];
    const lacking: string[] = [];
    const wrong: string[] = [];
    let asked = 0;
    for (const { file, scenario } of loadScenarios(OWN)) {
      const work = scenarioWorkload(file.replace(".yaml", ""), scenario);
      if (peer.cannot?.(work) !== undefined) {
        unsaid.push(file);
        continue;
      }
      const refusal = REFUSED.get(file);
      if (refusal !== undefined) {
        await expect(peer.load(work, () => undefined)).rejects.toThrow(refusal);
        continue;
      }
      const loaded = await peer.load(work, () => undefined);
      const found = await compare(loaded, work);
      await loaded.remove();
      asked += found.asked;
      wrong.push(...found.wrong.map((one) => `${file}: ${one}`));
      lacking.push(...found.lacking.map((one) => `${file}: ${one}`));
    }
    expect(wrong).toEqual([]);
    // All of them would be nothing.
    expect(asked).toBeGreaterThan(250);
    expect(unsaid.length).toBeLessThan(15);
    expect(lacking.length).toBeLessThan(10);
    console.log(`${asked} answers of scenarios compared, ${unsaid.length} scenarios unsaid, ${lacking.length} lacking`);
  }, 600_000);

  for (const [name, make] of Object.entries(WORKLOADS)) {
    it(`answers the workload ${name} as it is known`, async (context) => {
      if (URL_OF_OPENFGA === undefined) return context.skip(WHY_NOT);
      const work = make(TUPLES);
      const why = peer.cannot?.(work);
      if (why !== undefined) return context.skip(why);
      const loaded = await peer.load(work, (line) => console.log(line));
      expect(loaded.tuples).toBe(work.tuples);
      const found = await compare(loaded, work);
      await loaded.remove();
      expect(found).toEqual({ wrong: [], lacking: [], asked: QUESTIONS });
    }, 600_000);
  }
});
