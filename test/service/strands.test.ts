import { expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { validateTuple } from "../../src/engine/validate.ts";
import { RelataError } from "../../src/errors.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { formatTuple, parseTuple } from "../../src/model/tuple-text.ts";
import { type Draft, EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { printSchema } from "../support/arbitrary-print.ts";
import { seeded } from "../support/random.ts";
import { createTestVerbs, type TestVerbs } from "../support/server-verbs.ts";

const PAIRS = 250;

function fits(schema: Schema, tuple: Tuple): boolean {
  try {
    validateTuple(schema, tuple);
    return true;
  } catch (error) {
    if (error instanceof RelataError) return false;
    throw error;
  }
}

function pushSchema({ verbs, call }: TestVerbs, text: string): Promise<string> {
  return verbs.writeSchema(call, { text, expectedVersion: undefined }).then(
    () => "stored",
    (error: unknown) => (error instanceof RelataError ? error.reason : Promise.reject(error)),
  );
}

/** The first schema with one definition of the second: a change after which about as many tuples fit as do not. */
function changed(before: Draft, other: Draft, seed: number): Draft {
  const change = other.types[seed % other.types.length];
  return { ...before, types: before.types.map((type) => (type.name === change?.name ? change : type)) };
}

test("a schema is stored exactly when every live tuple fits it", async () => {
  const seen = { stored: 0, SCHEMA_STRANDS_TUPLES: 0 } as Record<string, number>;
  for (let seed = 0; seed < PAIRS; seed++) {
    const random = seeded(seed);
    const before = randomDraft(random, EVERYTHING);
    const after = changed(before, randomDraft(random, EVERYTHING), seed);
    const schema = compileSchema(printSchema(after)).schema;
    if (schema === undefined || compileSchema(printSchema(before)).schema === undefined) continue;
    const tuples = [...new Set(before.tuples)].slice(0, 1 + (seed % 8)).map(parseTuple);
    const at = await createTestVerbs({ maxUpdatesPerWrite: 100 });
    expect(await pushSchema(at, printSchema(before))).toBe("stored");
    const updates = tuples.map((tuple) => ({ operation: "touch", tuple }) as const);
    if (updates.length > 0) await at.verbs.writeTuples(at.call, { updates, preconditions: [], idempotencyKey: "" });
    const misfits = tuples.filter((tuple) => !fits(schema, tuple)).map(formatTuple);
    const expected = misfits.length === 0 ? "stored" : "SCHEMA_STRANDS_TUPLES";
    seen[expected] = (seen[expected] ?? 0) + 1;
    expect(await pushSchema(at, printSchema(after)), `seed ${seed}: ${misfits.join(", ")}`).toBe(expected);
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
});
