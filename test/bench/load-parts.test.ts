import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generatorUse } from "../../bench/load/generator-use.ts";
import { readResponse } from "../../bench/load/json-connection.ts";
import { judgeOf } from "../../bench/load/judge.ts";
import { Latencies } from "../../bench/load/latencies.ts";
import type { RightAnswer } from "../../bench/load/target.ts";

const message = (...bytes: readonly number[]) => [0, 0, 0, 0, bytes.length, ...bytes];

describe("a right answer", () => {
  it.each<[RightAnswer, readonly number[], boolean]>([
    [{ kind: "prefix", bytes: Uint8Array.of(8, 1) }, message(8, 1, 9), true],
    [{ kind: "prefix", bytes: Uint8Array.of(8, 1) }, message(8, 2, 9), false],
    [{ kind: "prefix", bytes: Uint8Array.of(8, 1) }, message(8), false],
    [{ kind: "prefix", bytes: Uint8Array.of() }, message(), true],
    [{ kind: "prefix", bytes: Uint8Array.of() }, [], false],
    [{ kind: "suffix", bytes: Uint8Array.of(1, 2) }, message(9, 1, 2), true],
    [{ kind: "suffix", bytes: Uint8Array.of(1, 2) }, message(1, 2, 9), false],
    [{ kind: "suffix", bytes: Uint8Array.of(1, 2) }, message(2), false],
    // Of the first message, whatever follows it.
    [{ kind: "suffix", bytes: Uint8Array.of(1, 2) }, [...message(9, 1, 2), ...message(7)], true],
    // A token (field 1) that has the bytes of the right answer in it, the answer (field 2), and when it ends (field 5) behind.
    [{ kind: "varint", field: 2, value: 2 }, message(10, 4, 10, 2, 16, 2, 16, 2, 42, 2, 8, 5), true],
    [{ kind: "varint", field: 2, value: 2 }, message(10, 4, 10, 2, 16, 2, 16, 1, 42, 2, 16, 2), false],
    [{ kind: "varint", field: 2, value: 2 }, message(10, 4, 10, 2, 16, 2), false],
    [{ kind: "varint", field: 2, value: 0 }, message(10, 0), true],
    [{ kind: "varint", field: 2, value: 300 }, message(9, 1, 2, 3, 4, 5, 6, 7, 8, 29, 1, 2, 3, 4, 16, 0xac, 2), true],
    // The last one counts.
    [{ kind: "varint", field: 2, value: 1 }, message(16, 2, 16, 1), true],
    // Cut off, of an unknown kind, no message at all.
    [{ kind: "varint", field: 2, value: 2 }, message(16, 2, 10, 4, 1), false],
    [{ kind: "varint", field: 2, value: 2 }, message(16, 2, 16, 0x80), false],
    [{ kind: "varint", field: 2, value: 2 }, message(16, 2, 0x80), false],
    [{ kind: "varint", field: 2, value: 2 }, message(16, 2, 19), false],
    [{ kind: "varint", field: 2, value: 0 }, [], false],
    [{ kind: "messages", count: 2 }, [...message(1), ...message()], true],
    [{ kind: "messages", count: 1 }, message(1, 2).slice(0, -1), false],
  ])("%j is told from others in gRPC: %j", (right, answer, expected) => {
    expect(judgeOf("grpc", right)(Buffer.from(answer))).toBe(expected);
  });

  it.each<[RightAnswer, string, boolean]>([
    [{ kind: "field", name: "allowed", value: true }, '{"a":1,"allowed":true}', true],
    [{ kind: "field", name: "allowed", value: true }, '{"a":{"allowed":true}}', false],
    [{ kind: "field", name: "allowed", value: true }, '{"allowed":"true"}', false],
    [{ kind: "field", name: "allowed", value: true }, "not JSON", false],
    [{ kind: "prefix", bytes: Buffer.from("{") }, "{}", true],
    [{ kind: "suffix", bytes: Buffer.from("}") }, "", false],
    [{ kind: "messages", count: 2 }, '{"result":1}\n{"result":2}\n', true],
  ])("%j is told from others in JSON: %s", (right, answer, expected) => {
    expect(judgeOf("json", right)(Buffer.from(answer))).toBe(expected);
  });

  it("is no number of a field in JSON", () => {
    expect(() => judgeOf("json", { kind: "varint", field: 2, value: 1 })).toThrow("no field 2 by number");
  });

  it.each(["grpc", "json"] as const)("is one message at least: a failed call of %s has none", (protocol) => {
    expect(() => judgeOf(protocol, { kind: "messages", count: 0 })).toThrow("tell from a failure");
  });

  it("is no JSON field in gRPC", () => {
    expect(() => judgeOf("grpc", { kind: "field", name: "allowed", value: true })).toThrow("no JSON field allowed");
  });
});

describe("an HTTP/1.1 response", () => {
  const sized = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const chunked = (parts: readonly string[]) => {
    const chunks = parts.filter((part) => part !== "").map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    return `HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`;
  };
  const word = fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, "x"));

  it("is read once it is whole, and no byte further", () => {
    const responses = fc.oneof(
      word.map((body) => ({ text: sized(body), body, status: 200 })),
      fc.array(word, { maxLength: 4 }).map((parts) => ({ text: chunked(parts), body: parts.join(""), status: 403 })),
    );
    fc.assert(
      fc.property(responses, fc.nat(), ({ text, body, status }, cut) => {
        expect(readResponse(Buffer.from(text.slice(0, cut % text.length)))).toBeUndefined();
        const found = readResponse(Buffer.from(`${text}HTTP/1.1 200`));
        expect(found).toMatchObject({ status, end: text.length });
        expect(found?.body.toString()).toBe(body);
      }),
    );
  });

  it("needs a length", () => {
    expect(() => readResponse(Buffer.from("HTTP/1.1 200 OK\r\n\r\nbody"))).toThrow("without a length");
    expect(() => readResponse(Buffer.from("SSH-2.0\r\n\r\n"))).toThrow("no HTTP/1.1: SSH-2.0");
  });
});

describe("latencies", () => {
  it("have quantiles of three digits, up to the slowest", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1 }), (all) => {
        const found = new Latencies();
        for (const ms of all) found.add(ms);
        const sorted = all.toSorted((a, b) => a - b);
        // The histogram rounds to the nearest call.
        const at = (rank: number) => sorted[Math.min(all.length, Math.max(1, rank)) - 1] ?? 0;
        for (const { share, ms } of found.quantiles()) {
          expect(ms).toBeGreaterThanOrEqual(at(Math.floor(share * all.length)) * 0.998 - 1e-5);
          expect(ms).toBeLessThanOrEqual(at(Math.ceil(share * all.length)) * 1.002 + 1e-5);
        }
        expect(found.quantiles().at(-1)?.share).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});

describe("what the generator says of itself", () => {
  it.each([
    [{ share: 0.95, late: 0, p99: 100 }, /at work 95 % of the time/],
    [{ share: 0.2, late: 3, p99: 10 }, /sent 1 % of the calls 3\.0 ms late or later, of a p99 of 10\.0 ms/],
    // A clock's own lateness, and one that the latency hardly shows.
    [{ share: 0.2, late: 0.9, p99: 1 }, undefined],
    [{ share: 0.2, late: 3, p99: 100 }, undefined],
  ])("is, of %j, %s", ({ share, late, p99 }, said) => {
    const { bottleneck } = generatorUse(share, late, p99);
    if (said === undefined) expect(bottleneck).toBeUndefined();
    else expect(bottleneck).toMatch(said);
  });
});
