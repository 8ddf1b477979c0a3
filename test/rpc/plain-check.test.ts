import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CheckRequestSchema,
  type CheckResponse,
  CheckResponseSchema,
  type Decision,
} from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { decodeMessage } from "../../src/rpc/decode.ts";
import { encodeMessage } from "../../src/rpc/encode.ts";
import { readPlainCheck, writePlainCheck } from "../../src/rpc/plain-check.ts";

const QUESTION = {
  object: { type: "document", id: "readme" },
  permission: "view",
  subject: { object: { type: "group", id: "eng" }, relation: "member" },
} satisfies MessageInitShape<typeof CheckRequestSchema>;

const bytesOf = (init: MessageInitShape<typeof CheckRequestSchema>): Buffer =>
  Buffer.from(toBinary(CheckRequestSchema, create(CheckRequestSchema, init)));

/** What protobuf-es makes of bytes, or the message it refuses them with. */
function read(bytes: Buffer): unknown {
  try {
    return fromBinary(CheckRequestSchema, bytes);
  } catch (error) {
    return String(error);
  }
}

/** The same by the way of the server. */
function decoded(bytes: Buffer): unknown {
  try {
    return decodeMessage(CheckRequestSchema, bytes);
  } catch (error) {
    return String((error as Error).cause);
  }
}

const TEXT = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z0-9_]{0,20}$/) },
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.constantFrom("x".repeat(127), "x".repeat(128), "x".repeat(300), "é".repeat(64)),
);
const OBJECT = fc.record({ type: TEXT, id: TEXT });
const REQUEST = fc.record(
  {
    object: OBJECT,
    permission: TEXT,
    subject: fc.record({ object: OBJECT, relation: TEXT }, { requiredKeys: [] }),
    withDebug: fc.boolean(),
    withExplanation: fc.boolean(),
    context: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.boolean(), { maxKeys: 2 }),
    consistency: fc.constant({ requirement: { case: "fullyConsistent" as const, value: true } }),
    contextualTuples: fc.array(fc.record({ object: OBJECT, relation: TEXT }), { maxLength: 1 }),
  },
  { requiredKeys: [] },
);
/** Of other messages and of none: unknown fields, fields twice, groups, lengths beyond the end. */
const TAMPERING = fc.array(fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 4 }) }), {
  maxLength: 3,
});

interface Change {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

function tampered(bytes: Buffer, changes: readonly Change[]): Buffer {
  let result = bytes;
  for (const { at, remove, insert } of changes) {
    const place = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, place), insert, result.subarray(place + remove)]);
  }
  return result;
}

test("requests are read as protobuf-es reads them, whatever they hold", () => {
  let plain = 0;
  fc.assert(
    fc.property(REQUEST, TAMPERING, REQUEST, (init, changes, more) => {
      for (const bytes of [
        bytesOf(init),
        tampered(bytesOf(init), changes),
        tampered(bytesOf(QUESTION), changes),
        Buffer.concat([bytesOf(QUESTION), bytesOf(more)]),
        Buffer.concat([bytesOf(more), bytesOf(QUESTION)]),
      ]) {
        if (readPlainCheck(bytes) !== undefined) plain += 1;
        expect(decoded(bytes)).toEqual(read(bytes));
      }
    }),
    { numRuns: 3_000, examples: [[QUESTION, [], {}]] },
  );
  // The property would hold as well if nothing ever went the quick way.
  expect(plain).toBeGreaterThan(300);
});

test("every cut and every changed byte of a question is read as protobuf-es reads it", () => {
  const bytes = bytesOf(QUESTION);
  for (let at = 0; at < bytes.length; at++) {
    expect(decoded(bytes.subarray(0, at))).toEqual(read(bytes.subarray(0, at)));
    for (let value = 0; value < 256; value++) {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      expect(decoded(changed)).toEqual(read(changed));
    }
  }
});

test("a length of more than one byte is none of one", () => {
  // 5, spelt in two bytes as varints may be; as one byte it would be 133, and so much ASCII follows.
  const permission = Buffer.from([0x12, 0x85, 0x00, ...Buffer.from("views"), 0x7a, 125, ...Buffer.alloc(125, "x")]);
  const { permission: _, ...rest } = QUESTION;
  const [object, subject] = [bytesOf({ object: rest.object }), bytesOf({ subject: rest.subject })];
  const bytes = Buffer.concat([object, permission, subject]);
  expect(decoded(bytes)).toEqual(read(bytes));
  expect(decoded(bytes)).toMatchObject({ permission: "views" });
});

test("the question of every day goes the quick way, with a subject relation and without", () => {
  expect(readPlainCheck(bytesOf(QUESTION))).toEqual(create(CheckRequestSchema, QUESTION));
  const user = { ...QUESTION, subject: { object: { type: "user", id: "anne" } } };
  expect(readPlainCheck(bytesOf(user))).toEqual(create(CheckRequestSchema, user));
});

const DECISION = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 3 }) }, fc.integer({ min: -5, max: 300 }));
/** What an answer may have besides its decision and its token, mostly one thing at a time. */
const MORE = fc.oneof(
  fc.constant({}),
  fc.record({ missingContext: fc.array(TEXT, { maxLength: 2 }) }),
  fc.record({ debug: fc.record({ rounds: fc.nat(9), rows: fc.nat(9), nodes: fc.nat(9) }) }),
  fc.constant({ expiresAt: { seconds: 1n, nanos: 5 } }),
  fc.constant({ explanation: { truncated: true } }),
  fc.constant({ $unknown: [{ no: 99, wireType: 0, data: Uint8Array.of(1) }] }),
);

function expected(message: CheckResponse): unknown {
  try {
    return Buffer.from(toBinary(CheckResponseSchema, message)).toString("hex");
  } catch (error) {
    return String(error);
  }
}

function written(message: CheckResponse): unknown {
  try {
    return encodeMessage(CheckResponseSchema, message).toString("hex");
  } catch (error) {
    return String(error);
  }
}

test("answers are written as protobuf-es writes them, whatever they hold", () => {
  let plain = 0;
  fc.assert(
    fc.property(DECISION, TEXT, MORE, (decision, consistencyToken, more) => {
      const message = create(CheckResponseSchema, { decision: decision as Decision, consistencyToken });
      const filled = "$unknown" in more ? more : create(CheckResponseSchema, more as typeof message);
      Object.assign(message, filled, { decision, consistencyToken });
      if (writePlainCheck(message) !== undefined) plain += 1;
      expect(written(message)).toEqual(expected(message));
    }),
    { numRuns: 3_000 },
  );
  expect(plain).toBeGreaterThan(150);
});
