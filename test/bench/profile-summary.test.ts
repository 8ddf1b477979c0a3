import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startProfile, stopProfile } from "../../bench/load/cpu-profile.ts";
import { type CpuProfile, topSelfTimes } from "../../bench/load/profile-summary.ts";

const node = (id: number, functionName: string, url: string, lineNumber = 0) => ({
  id,
  callFrame: { functionName, url, lineNumber },
});
const SOLVER = "file:///somewhere/src/engine/solver.ts";
const GRPC = "file:///somewhere/node_modules/@grpc/grpc-js/build/server.js";

describe("a CPU profile", () => {
  it("is told by functions, those of a file together", () => {
    const profile: CpuProfile = {
      nodes: [
        node(1, "(idle)", ""),
        node(2, "solve", SOLVER, 9),
        node(3, "", SOLVER, 99),
        node(4, "onStream", GRPC, 4),
        node(5, "(garbage collector)", ""),
        // The same function in another place of the tree.
        node(6, "solve", SOLVER, 9),
        node(7, "seldom", SOLVER, 1),
      ],
      samples: [1, 2, 4, 3, 5, 6, 7, 1],
      timeDeltas: [0, 500, 30, 40, 10, 5, 14, 1],
    };
    expect(topSelfTimes(profile, 4)).toEqual([
      { file: "src/engine/solver.ts", name: "solve:10", share: 0.44 },
      { file: "src/engine/solver.ts", name: "(anonymous):100", share: 0.1 },
      { file: "@grpc/grpc-js/build/server.js", name: "onStream:5", share: 0.4 },
      { file: "(engine)", name: "(garbage collector)", share: 0.05 },
    ]);
  });

  it("is recorded of this process, and shows what it did", async () => {
    const folder = await mkdtemp(join(tmpdir(), "relata-profile-"));
    const file = join(folder, "it.cpuprofile");
    await startProfile();
    spin(100);
    await stopProfile(file);
    const top = topSelfTimes(JSON.parse(await readFile(file, "utf8")), 3);
    expect(top.map(({ name }) => name.split(":")[0])).toContain("spin");
    await rm(folder, { recursive: true });
  });
});

function spin(forMs: number): number {
  let sum = 0;
  for (const untilMs = performance.now() + forMs; performance.now() < untilMs; ) for (let i = 0; i < 1e5; i++) sum += i;
  return sum;
}
