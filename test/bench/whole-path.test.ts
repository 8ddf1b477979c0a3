import { describe, expect, it } from "vitest";
import { TINY, wholePath } from "./whole-path.ts";

describe("the whole path of workloads", () => {
  const { run } = wholePath();

  it("gives the known answers over gRPC, with whole lists and writes among Checks", async () => {
    const { rounds, verified } = await run(["fanout", "writes"]);
    const all = [...rounds.values()].flat();
    expect(all.filter(({ wrong }) => wrong > 0)).toEqual([]);
    expect(all.every(({ calls, server }) => calls > 0 && server.cpuMicrosPerCall > 0 && server.rssBytes > 0)).toBe(
      true,
    );
    expect([...rounds.keys()]).toEqual(["fanout", "fanout/lookups", "writes"]);
    expect([...verified.values()].flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(verified.get("fanout")?.compared).toBe(1 + TINY.lookups);
    expect(verified.get("writes")?.compared).toBeGreaterThan(1);
  });
});
