import { describe, expect, it } from "vitest";
import { ByteCount } from "../../src/graph/byte-count.ts";
import { hashPair } from "../../src/graph/hash.ts";
import { MAX_ENTRIES, SHARD_SHAPE, ShardTable } from "../../src/graph/shard-table.ts";
import { NONE } from "../../src/model/graph.ts";

describe("a shard table", () => {
  it("finds the largest entries under every hash, while shards split", () => {
    const first = MAX_ENTRIES - 5_000;
    const hashOf = (entry: number) => Math.imul(entry, 0x9e37_79b1);
    const table = new ShardTable(new ByteCount(), SHARD_SHAPE, hashOf);
    for (let entry = first; entry < MAX_ENTRIES; entry += 1) table.insert(hashOf(entry), entry);
    const lost: number[] = [];
    for (let entry = first; entry < MAX_ENTRIES; entry += 1) {
      let at = table.seek(hashOf(entry));
      while (at !== NONE && table.entryAt(at) !== entry) at = table.seekOn(hashOf(entry), at);
      if (at === NONE) lost.push(entry);
    }
    expect(lost).toEqual([]);
    expect(MAX_ENTRIES).toBeGreaterThan(100_000_000);
  });

  it("keeps what a search passes to the slots whose bits are the same", () => {
    const hashOf = (entry: number) => hashPair(entry, 7);
    const table = new ShardTable(new ByteCount(), SHARD_SHAPE, hashOf);
    for (let entry = 0; entry < 20_000; entry += 1) table.insert(hashOf(entry), entry);
    let passed = 0;
    for (let entry = 20_000; entry < 40_000; entry += 1)
      for (let at = table.seek(hashOf(entry)); at !== NONE; at = table.seekOn(hashOf(entry), at)) passed += 1;
    // Some two slots are passed by a search that finds nothing, and one in 32 of them has the same bits.
    expect(passed / 20_000).toBeLessThan(0.15);
  });
});
