import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { genesisHash } from "../../src/audit/chain.ts";
import { sealEvent } from "../../src/audit/event.ts";
import { headKeyOf, signHead } from "../../src/audit/signed-head.ts";
import { ChainVerifier, type ProvableEvent } from "../../src/audit/verify.ts";
import type { AuditDraft } from "../../src/model/audit.ts";
import type { JsonObject } from "../../src/model/tuple.ts";

/*
 * Chains of random events, and something random done to them by somebody who may write anything, but has neither the head that
 * was kept elsewhere nor its key: it is always found, and the first bad event is named.
 */

const KEY = headKeyOf("k1", Buffer.alloc(32, 7));
const CHAIN = "5f3a1c1e-0000-4000-8000-000000000001";
const OTHER = "5f3a1c1e-0000-4000-8000-000000000002";

const facts = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 1 })) as fc.Arbitrary<JsonObject>;
const drafts = fc.record({
  event: fc.constantFrom("tuples.written", "schema.written", "binding.put"),
  origin: fc.record({ actor: fc.string({ maxLength: 8 }), requestId: fc.string({ maxLength: 8 }) }),
  details: facts,
  personal: facts,
}) as fc.Arbitrary<AuditDraft>;

type Provable = ProvableEvent & { readonly previousHash: Uint8Array };

function sealed(chain: string, all: readonly AuditDraft[]): Provable[] {
  let previousHash: Uint8Array = genesisHash(chain);
  return all.map((draft, index) => {
    const event = sealEvent({ chain, seq: index + 1, previousHash, recordedAtMs: 1_700_000_000_000 + index }, draft);
    const before = previousHash;
    previousHash = event.hash;
    return withoutColumns({ ...event, previousHash: before });
  });
}

/** As an export has it. */
function withoutColumns({ seq, body, hash, previousHash, personal, personalSalt }: Provable): Provable {
  return { seq, body, hash, previousHash, ...(personal && { personal }), ...(personalSalt && { personalSalt }) };
}

/** What is done, and at which event of how many (from 0). */
type Tampering = (events: readonly Provable[], at: number, dice: number) => readonly Provable[];

const flip =
  (part: "body" | "hash" | "previousHash" | "personal" | "personalSalt"): Tampering =>
  (events, at, dice) => {
    const event = events[at] as Provable;
    const bytes = Buffer.from(event[part] ?? []);
    const bit = dice % (bytes.length * 8);
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    return events.with(at, { ...event, [part]: bytes });
  };

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  "a flipped bit of a body": flip("body"),
  "a flipped bit of a hash": flip("hash"),
  "a flipped bit of the hash before": flip("previousHash"),
  "a flipped bit of what is personal": flip("personal"),
  "a flipped bit of a salt": flip("personalSalt"),
  "another number": (events, at, dice) => events.with(at, { ...(events[at] as Provable), seq: at + 2 + (dice % 50) }),
  "a removed event": (events, at) => events.toSpliced(at, 1),
  "a repeated event": (events, at) => events.toSpliced(at + 1, 0, events[at] as Provable),
  "events that changed places": (events, at, dice) => {
    const later = at + 1 + (dice % (events.length - at));
    const [a, b] = [events[at], events[later]];
    return a === undefined || b === undefined ? events.toSpliced(at, 1) : events.with(at, b).with(later, a);
  },
  "another chain's event": (events, at) => {
    const theirs = sealed(OTHER, Array(at + 1).fill({ event: "x", origin: { actor: "", requestId: "" }, details: {} }));
    return events.with(at, theirs[at] as Provable);
  },
  "an event put in": (events, at) => {
    const { previousHash } = events[at] as Provable;
    const draft = { event: "binding.put", origin: { actor: "mallory", requestId: "" }, details: {} } as const;
    const put = sealEvent({ chain: CHAIN, seq: at + 1, previousHash, recordedAtMs: 1_700_000_000_000 + at }, draft);
    return events.toSpliced(at, 0, withoutColumns({ ...put, previousHash }));
  },
  "a new history from some event on": (events, at) => {
    const draft = { event: "binding.put", origin: { actor: "mallory", requestId: "" }, details: {} } as const;
    let { previousHash } = events[at] as Provable;
    const anew = events.slice(at).map(({ seq }) => {
      const event = sealEvent({ chain: CHAIN, seq, previousHash, recordedAtMs: 1_700_000_001_000 }, draft);
      const before = previousHash;
      previousHash = event.hash;
      return withoutColumns({ ...event, previousHash: before });
    });
    return [...events.slice(0, at), ...anew];
  },
  "a cut tail": (events, at) => events.slice(0, at),
  "what is personal taken away": (events, at) => {
    const { personal: _, personalSalt: __, ...rest } = events[at] as Provable;
    return events.with(at, rest);
  },
};

function proof(events: readonly Provable[], of: readonly Provable[]) {
  const last = of.at(-1) as Provable;
  const head = signHead(KEY, { chain: CHAIN, seq: last.seq, hash: last.hash, signedAtMs: 0 });
  const verifier = new ChainVerifier({
    chain: CHAIN,
    heads: [head],
    publicKeys: [KEY.publicKey],
    requireSignatures: true,
  });
  for (const event of events) verifier.take(event);
  const { intact, problems } = verifier.reportToEnd();
  return { intact, first: Math.min(...problems.map(({ seq }) => seq)) };
}

/** These show at the last event only: everything up to it fits together. */
const SEEN_BY_THE_HEAD = new Set(["a new history from some event on", "a cut tail"]);

describe("random chains", () => {
  it("are sound as they were sealed", () => {
    const property = fc.property(fc.array(drafts, { minLength: 1, maxLength: 8 }), (all) => {
      const events = sealed(CHAIN, all);
      expect(proof(events, events)).toMatchObject({ intact: true });
    });
    fc.assert(property, { numRuns: 20 });
  });

  it.each(Object.keys(TAMPERINGS))("show %s, and where", (name) => {
    const property = fc.property(
      fc.array(drafts, { minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.nat(),
      (all, where, dice) => {
        const events = sealed(CHAIN, all);
        const at = where % events.length;
        const { intact, first } = proof(TAMPERINGS[name]?.(events, at, dice) ?? [], events);
        expect(intact).toBe(false);
        if (SEEN_BY_THE_HEAD.has(name)) expect(first).toBe(events.length);
        else expect(first).toBe(at + 1);
      },
    );
    fc.assert(property, { numRuns: 25 });
  });
});
