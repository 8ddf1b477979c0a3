import { expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { openService } from "../agreement/service.ts";

const NOW_MS = Date.parse("2030-01-01T00:00:00Z");
const SCHEMA = `
definition user {}
caveat share(total int, parts int) { total / parts > 1 }
definition document {
  relation reader: user with share
  permission view = reader
}`;

test("who asks for an explanation is told which tuple carries the caveat that failed, and nobody else", async () => {
  const service = openService(createMemoryStore({ now: () => NOW_MS }), NOW_MS);
  const tuples = ['document:1#reader@user:anne[share:{"parts":0}]'].map(parseTuple);
  const call = await service.enter({ text: SCHEMA, tuples });
  const failure = async (explain: boolean) => {
    const question = {
      object: { type: "document", id: "1" },
      permission: "view",
      subject: { type: "user", id: "anne", relation: "" },
      context: { total: 4 },
    };
    const asked = { ...question, consistency: { kind: "fully_consistent" } as const, explain };
    const error = await Promise.resolve(service.verbs.check(call, asked)).catch((thrown: unknown) => thrown);
    if (!(error instanceof RelataError)) throw new Error(`no error but ${JSON.stringify(error)}`);
    return error;
  };
  const plain = await failure(false);
  expect(plain.reason).toBe("CAVEAT_EVALUATION_FAILED");
  expect(JSON.stringify([plain.message, plain.metadata])).not.toContain("anne");
  const explained = await failure(true);
  expect(explained.reason).toBe("CAVEAT_EVALUATION_FAILED");
  expect(explained.message).toContain("(of the tuple document:1#reader@user:anne)");
  expect(explained.metadata["tuple"]).toBe("document:1#reader@user:anne");
});
