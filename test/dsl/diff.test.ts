import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { diffSchemas } from "../../src/dsl/diff.ts";
import { formatSchema } from "../../src/dsl/print.ts";
import { schemaText } from "./schema-arbitrary.ts";

function compile(text: string) {
  const { schema, diagnostics } = compileSchema(`use expiration\n${text}`);
  if (schema === undefined) {
    throw new Error(renderDiagnostics(text, diagnostics));
  }
  return schema;
}

const BASE = `
definition user {}
caveat late(hour int, day string) { hour > 18 && day != "" }
definition group { relation member: user | user:* | user with late | user with expiration | user with late and expiration
  permission all = member }
`;

function kindsAndMessages(before: string, after: string): string[] {
  return diffSchemas(compile(before), compile(after)).map(({ kind, message }) => `${kind}: ${message}`);
}

describe("diffSchemas", () => {
  test("everything is new without a schema before, and nothing is in the way", () => {
    const changes = diffSchemas(undefined, compile(BASE));
    expect(changes.map(({ kind, definition }) => `${kind} ${definition}`)).toEqual([
      "definition-added user",
      "definition-added group",
      "caveat-added late",
    ]);
    expect(changes.filter(({ breaking }) => breaking)).toEqual([]);
  });

  test("a removed definition strands its own tuples; one without relations has none", () => {
    const after = compile("definition nothing {}");
    const changes = diffSchemas(compile(BASE), after);
    expect(changes.filter(({ kind }) => kind.endsWith("-removed"))).toEqual([
      {
        kind: "definition-removed",
        definition: "user",
        member: "",
        message: 'definition "user" removed',
        breaking: false,
        strands: [],
      },
      {
        kind: "definition-removed",
        definition: "group",
        member: "",
        message: 'definition "group" removed',
        breaking: true,
        strands: [{ filter: { objectType: "group" }, message: 'cannot remove definition "group" while it has tuples' }],
      },
      expect.objectContaining({ kind: "caveat-removed", definition: "late", breaking: false }),
    ]);
  });

  test("each removed subject type has a probe for exactly its tuples", () => {
    const after = BASE.replace(/relation member: .*/, "relation member: group");
    const strands = diffSchemas(compile(BASE), compile(after)).flatMap((change) => change.strands);
    const filter = { objectType: "group", relation: "member", subjectType: "user", subjectRelation: "" };
    const refused = (type: string) =>
      `cannot remove the subject type ${type} from relation "member" of group while a tuple uses it`;
    expect(strands).toEqual([
      { filter, caveat: false, expiration: false, wildcard: false, message: refused("user") },
      { filter: { ...filter, subjectId: "*" }, caveat: false, expiration: false, message: refused("user:*") },
      { filter, caveat: "late", expiration: false, wildcard: false, message: refused("user with late") },
      { filter, caveat: false, expiration: true, wildcard: false, message: refused("user with expiration") },
      { filter, caveat: "late", expiration: true, wildcard: false, message: refused("user with late and expiration") },
    ]);
  });

  test("a relation that becomes a permission is removed", () => {
    const before = "definition user { relation a: user; relation b: user; permission p = a }";
    const after = "definition user { relation a: user; permission b = a; relation p: user }";
    const changes = diffSchemas(compile(before), compile(after));
    expect(changes.map(({ kind, member, breaking }) => `${kind} ${member} ${breaking}`)).toEqual([
      "relation-removed b true",
      "permission-removed p false",
      "permission-added b false",
      "relation-added p false",
    ]);
    expect(changes[0]?.strands).toEqual([
      {
        filter: { objectType: "user", relation: "b" },
        message: 'cannot remove relation "b" of user while it has tuples',
      },
    ]);
  });

  test("expressions, comments and annotations", () => {
    const before = "definition user { relation a: user; relation b: user\n permission p = a + b }";
    const after =
      "// People.\ndefinition user {\n// first\nrelation a: user; relation b: user\n// can\npermission p: user = a - b - (a & b) }";
    expect(kindsAndMessages(before, after)).toEqual([
      'definition-doc-changed: comment of definition "user" changed',
      'relation-doc-changed: comment of relation "a" of user changed',
      'permission-doc-changed: comment of permission "p" of user changed',
      'permission-expression-changed: permission "p" of user was a + b, is a - b - (a & b)',
      'permission-annotation-changed: type annotation of permission "p" of user changed',
    ]);
  });

  test("caveat parameters that go or change type strand the tuples with a value for them; those that come strand none", () => {
    const before = compile("caveat c(a int, b string) { a > 1 && b != '' }");
    const after = compile("// now\ncaveat c(a uint, d list<int>) { a > 1 && d.size() > 1 }");
    const changes = diffSchemas(before, after);
    expect(changes.map(({ kind, member, breaking }) => `${kind} ${member} ${breaking}`)).toEqual([
      "caveat-doc-changed  false",
      "caveat-parameter-type-changed a true",
      "caveat-parameter-removed b true",
      "caveat-parameter-added d false",
      "caveat-expression-changed  false",
    ]);
    expect(
      changes.flatMap(({ strands }) => strands).map(({ filter, caveat, parameter }) => ({ filter, caveat, parameter })),
    ).toEqual([
      { filter: {}, caveat: "c", parameter: "a" },
      { filter: {}, caveat: "c", parameter: "b" },
    ]);
  });

  test("reordering and reformatting are no change", () => {
    const before = "definition user { relation a: user | user:*; relation b: user; permission p = a + b }";
    const after = "definition user {\n permission p = (a + b)\n relation b: user\n relation a: user:* | user#... }";
    expect(kindsAndMessages(before, after)).toEqual([]);
  });

  test("no random schema differs from its formatted self", () => {
    fc.assert(
      fc.property(schemaText, ({ text }) => {
        const before = compileSchema(text).schema;
        const after = compileSchema(formatSchema(text).text ?? "").schema;
        fc.pre(before !== undefined && after !== undefined);
        expect(diffSchemas(before, after)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
