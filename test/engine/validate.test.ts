import { describe, expect, test } from "vitest";
import type { Question } from "../../src/engine/solver.ts";
import { validateQuestion, validateTuple } from "../../src/engine/validate.ts";
import type { ErrorReason } from "../../src/errors.ts";
import { RelataError } from "../../src/errors.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { compiled } from "./ask.ts";

const schema = compiled(`
use expiration
caveat on_duty(shift int) { shift > 0 }
definition user {}
definition bot {}
definition group {
  relation member: user | user:*
  relation owner: user
  permission everyone = member + owner
}
definition document {
  relation viewer: user | group#member | group#everyone | bot with on_duty | user with expiration
  relation public: user:*
  permission view = viewer + public
}`);

function refusal(run: () => void): { reason: ErrorReason; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof RelataError) return { reason: error.reason, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

const question: Question = {
  object: { type: "document", id: "1" },
  member: "view",
  subject: { type: "user", id: "anne", relation: "" },
};

describe("a question", () => {
  test.each<Partial<Question>>([
    {},
    { member: "viewer" },
    { subject: { type: "group", id: "eng", relation: "everyone" } },
    // Cannot reach the permission, which is an answer and no error.
    { subject: { type: "document", id: "2", relation: "" } },
    { object: { type: "document", id: "a/b_c|d-e=f+g.h@i:j~k%l!" } },
  ])("%j is fine", (change) => {
    expect(() => validateQuestion(schema, { ...question, ...change })).not.toThrow();
  });

  test.each<[Partial<Question>, ErrorReason, string]>([
    [
      { object: { type: "dokument", id: "1" } },
      "UNKNOWN_DEFINITION",
      'no definition "dokument"; it has user, bot, group',
    ],
    [{ member: "veiw" }, "UNKNOWN_RELATION_OR_PERMISSION", '"veiw"; it has viewer, public, view'],
    [{ subject: { type: "usr", id: "a", relation: "" } }, "UNKNOWN_DEFINITION", '"usr"'],
    [
      { subject: { type: "group", id: "a", relation: "boss" } },
      "UNKNOWN_RELATION_OR_PERMISSION",
      "it has member, owner",
    ],
    [{ subject: { type: "user", id: "a", relation: "x" } }, "UNKNOWN_RELATION_OR_PERMISSION", "it has none"],
    [{ subject: { type: "user", id: "*", relation: "" } }, "WILDCARD_NOT_ALLOWED", "name a user"],
    [{ subject: { type: "user", id: "", relation: "" } }, "INVALID_SUBJECT", "1 to 1024"],
    [{ subject: { type: "user", id: "a b", relation: "" } }, "INVALID_SUBJECT", "user:a b"],
    [{ object: { type: "document", id: "*" } }, "INVALID_OBJECT", "document:*"],
    [{ object: { type: "document", id: "x".repeat(1_025) } }, "INVALID_OBJECT", "…"],
    [{ object: { type: "constructor", id: "1" } }, "UNKNOWN_DEFINITION", '"constructor"'],
    [{ member: "__proto__" }, "UNKNOWN_RELATION_OR_PERMISSION", '"__proto__"'],
  ])("%j is refused: %s", (change, reason, words) => {
    const refused = refusal(() => validateQuestion(schema, { ...question, ...change }));
    expect(refused.reason).toBe(reason);
    expect(refused.message).toContain(words);
    expect(refused.message.length).toBeLessThan(500);
  });
});

describe("a tuple", () => {
  test.each([
    "document:1#viewer@user:anne",
    "document:1#viewer@group:eng#member",
    "document:1#viewer@group:eng#everyone",
    "document:1#viewer@bot:b[on_duty]",
    'document:1#viewer@bot:b[on_duty:{"shift":1}]',
    "document:1#viewer@user:anne[expiration:2100-01-01T00:00:00Z]",
    "document:1#public@user:*",
    "group:1#member@user:*",
  ])("%s is allowed", (text) => {
    expect(() => validateTuple(schema, parseTuple(text))).not.toThrow();
  });

  const allowed = "it allows user | group#member | group#everyone | bot with on_duty | user with expiration";
  test.each<[string, ErrorReason, string]>([
    ["dokument:1#viewer@user:anne", "UNKNOWN_DEFINITION", "document"],
    ["document:1#viewr@user:anne", "UNKNOWN_RELATION_OR_PERMISSION", "it has viewer, public, view"],
    ["document:1#viewer@usr:anne", "UNKNOWN_DEFINITION", '"usr"'],
    ["document:1#viewer@group:eng#boss", "UNKNOWN_RELATION_OR_PERMISSION", "it has member, owner, everyone"],
    ["document:1#view@user:anne", "CANNOT_WRITE_PERMISSION", "it has viewer, public"],
    ["document:1#viewer@user:*", "WILDCARD_NOT_ALLOWED", allowed],
    ["document:1#viewer@group:eng", "INVALID_SUBJECT_TYPE", `does not allow group; ${allowed}`],
    ["document:1#viewer@group:eng#owner", "INVALID_SUBJECT_TYPE", "does not allow group#owner"],
    ["document:1#viewer@document:2", "INVALID_SUBJECT_TYPE", allowed],
    ["document:1#public@user:anne", "INVALID_SUBJECT_TYPE", "it allows user:*"],
    ["document:1#viewer@bot:b", "INVALID_SUBJECT_TYPE", "does not allow bot;"],
    ["document:1#viewer@bot:b[other]", "INVALID_SUBJECT_TYPE", "does not allow bot with other"],
    ["document:1#viewer@user:a[on_duty]", "INVALID_SUBJECT_TYPE", "does not allow user with on_duty"],
    [
      "document:1#viewer@bot:b[on_duty][expiration:2100-01-01T00:00:00Z]",
      "INVALID_SUBJECT_TYPE",
      "does not allow bot with on_duty and expiration",
    ],
  ])("%s is refused: %s", (text, reason, words) => {
    const refused = refusal(() => validateTuple(schema, parseTuple(text)));
    expect(refused.reason).toBe(reason);
    expect(refused.message).toContain(words);
  });

  test.each<[string, string]>([
    ['{"shft":1}', 'caveat "on_duty" has no parameter "shft"; did you mean "shift"?'],
    ['{"shift":1,"colour":"red"}', 'caveat "on_duty" has no parameter "colour"; it has shift'],
    [
      '{"shift":"late"}',
      'parameter "shift" of caveat "on_duty": expected int, a whole number or one in a string, found "late"',
    ],
    ['{"__proto__":1}', 'caveat "on_duty" has no parameter "__proto__"; it has shift'],
  ])("with the context %s is refused: %s", (context, words) => {
    const refused = refusal(() => validateTuple(schema, parseTuple(`document:1#viewer@bot:b[on_duty:${context}]`)));
    expect(refused).toEqual({
      reason: "INVALID_CAVEAT_CONTEXT",
      message: `document:1#viewer@bot:b: ${words}`,
    });
  });

  test.each<[Partial<Tuple>, ErrorReason]>([
    [{ objectId: "a b" }, "INVALID_OBJECT"],
    [{ objectId: "*" }, "INVALID_OBJECT"],
    [{ subjectId: "ü" }, "INVALID_SUBJECT"],
    [{ subjectId: "" }, "INVALID_SUBJECT"],
    [{ subjectType: "group", subjectId: "*", subjectRelation: "member" }, "INVALID_SUBJECT"],
  ])("with %j is refused: %s", (change, reason) => {
    const tuple = { ...parseTuple("document:1#viewer@user:anne"), ...change };
    expect(refusal(() => validateTuple(schema, tuple)).reason).toBe(reason);
  });
});
