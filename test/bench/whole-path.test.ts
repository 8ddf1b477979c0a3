import { describe, expect, it } from "vitest";
import { answersUnderLoad } from "../../bench/rpc/answers-under-load.ts";
import { TINY, wholePath } from "./whole-path.ts";

describe("the whole path of workloads", () => {
  const { run } = wholePath();

  it("gives the known answers over gRPC, with whole lists and writes among Checks", async () => {
    const { rounds, echoes, asked, verified } = await run(["fanout", "writes"]);
    const all = [...rounds.values()].flat();
    expect(all.filter(({ wrong }) => wrong > 0)).toEqual([]);
    expect(all.every(({ calls, server }) => calls > 0 && server.cpuMicrosPerCall > 0 && server.rssBytes > 0)).toBe(
      true,
    );
    expect([...rounds.keys()]).toEqual(["fanout", "fanout/lookups", "writes"]);
    expect([...verified.values()].flatMap(({ wrong }) => wrong)).toEqual([]);
    expect([...echoes.keys()]).toEqual(["fanout", "writes"]);
    // Warming up, awakening and the round: each of them is compared.
    expect(asked.filter(({ lane }) => lane.name === "fanout")).toHaveLength(3);
    const { compared, wrong, byWorkload = {} } = answersUnderLoad(asked);
    expect(wrong).toEqual([]);
    expect(Object.keys(byWorkload)).toEqual(["fanout", "fanout/lookups", "writes"]);
    expect(compared).toBeGreaterThan(all.reduce((sum, { calls }) => sum + calls, 0));
    expect(verified.get("fanout")?.compared).toBe(1 + TINY.lookups);
    expect(verified.get("writes")?.compared).toBeGreaterThan(1);
  });
});
