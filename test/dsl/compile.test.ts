import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import type { Rewrite } from "../../src/model/schema.ts";

function compile(text: string) {
  const { schema, diagnostics } = compileSchema(text);
  if (schema === undefined) {
    throw new Error(renderDiagnostics(text, diagnostics));
  }
  return schema;
}

/** The rewrite of a permission, as text with every parenthesis. */
function rewriteOf(expression: string): string {
  const relations = ["a", "b", "c", "d"].map((name) => `relation ${name}: user`).join("; ");
  const schema = compile(`use self\ndefinition user { ${relations}; permission p = ${expression} }`);
  const permission = schema.definitions.get("user")?.members.get("p");
  return permission?.kind === "permission" ? show(permission.rewrite) : "none";
}

function show(rewrite: Rewrite): string {
  switch (rewrite.kind) {
    case "union":
      return `(${rewrite.children.map(show).join(" + ")})`;
    case "intersection":
      return `(${rewrite.children.map(show).join(" & ")})`;
    case "exclusion":
      return `(${show(rewrite.base)} - ${show(rewrite.subtract)})`;
    case "computed":
      return rewrite.member;
    case "arrow":
      return `${rewrite.tupleset}.${rewrite.quantifier}(${rewrite.target})`;
    default:
      return rewrite.kind;
  }
}

describe("expressions", () => {
  test.each([
    ["a - b + c", "(a - (b + c))"],
    ["a + b - c", "((a + b) - c)"],
    ["a & b + c", "(a & (b + c))"],
    ["a + b & c", "((a + b) & c)"],
    ["a - b - c", "((a - b) - c)"],
    ["a - (b - c)", "(a - (b - c))"],
    ["a - b & c + d", "(a - (b & (c + d)))"],
    ["a + (b + (c + d))", "(a + b + c + d)"],
    ["(a & b) & c", "(a & b & c)"],
    ["((a))", "a"],
    ["nil + self + a", "(nil + self + a)"],
    ["a->b + a.any(c) + a.all(d)", "(a.any(b) + a.any(c) + a.all(d))"],
    ["(\n a\n + b\n)", "(a + b)"],
  ])("%s is %s", (expression, expected) => {
    expect(rewriteOf(expression)).toBe(expected);
  });
});

test("everything of the grammar, compiled", () => {
  const schema = compile(`
use expiration
use partial
use typechecking

/** Whoever signs in. */
definition user {}

// Open in the
// daytime.
caveat acme/daytime(hour int, days list<string>, extra map<list<any>>) {
  hour < 18 && "mon" in days && size(extra) == 0 // }
}

partial owned { relation owner: user; permission own = owner }

definition acme/document {
  ...owned

  // who reads
  relation reader: user | user:* with acme/daytime | acme/team#member with acme/daytime and expiration | user with expiration | user#...  with acme/daytime
  permission read: user = reader + own
}
definition acme/team { relation member: user }
`);
  expect([...schema.definitions.keys()]).toEqual(["user", "acme/document", "acme/team"]);
  expect(schema.types.map((type) => schema.definitions.get(type.name)?.id)).toEqual([0, 1, 2]);
  expect(schema.members.map((member) => `${member.id} ${member.type}#${member.name}`)).toEqual([
    "0 acme/document#owner",
    "1 acme/document#own",
    "2 acme/document#reader",
    "3 acme/document#read",
    "4 acme/team#member",
  ]);
  expect(schema.uses).toEqual(["expiration", "partial", "typechecking"]);
  expect(schema.definitions.get("user")?.doc).toBe("Whoever signs in.");
  expect(schema.caveats.get("acme/daytime")).toEqual({
    program: expect.anything(),
    name: "acme/daytime",
    doc: "Open in the\ndaytime.",
    parameters: new Map([
      ["hour", { name: "int", arguments: [] }],
      ["days", { name: "list", arguments: [{ name: "string", arguments: [] }] }],
      ["extra", { name: "map", arguments: [{ name: "list", arguments: [{ name: "any", arguments: [] }] }] }],
    ]),
    expression: 'hour < 18 && "mon" in days && size(extra) == 0 // }',
  });
  const plain = { relation: "", wildcard: false, caveat: "", expiration: false };
  const caveat = "acme/daytime";
  expect(schema.definitions.get("acme/document")?.members.get("reader")).toMatchObject({
    kind: "relation",
    doc: "who reads",
    allowed: [
      { ...plain, type: "user" },
      { ...plain, type: "user", wildcard: true, caveat },
      { ...plain, type: "acme/team", relation: "member", caveat, expiration: true },
      { ...plain, type: "user", expiration: true },
      { ...plain, type: "user", caveat },
    ],
  });
  expect(schema.definitions.get("acme/document")?.members.get("read")).toMatchObject({ annotation: ["user"] });
});

test("words of flags that are off are ordinary names", () => {
  const schema = compile(`
caveat expiration(and int) { and > 0 }
definition import { relation self: user with expiration; permission partial = self }
definition user {}`);
  expect(schema.definitions.get("import")?.members.get("partial")).toMatchObject({
    rewrite: { kind: "computed", member: "self" },
  });
});

test("recursion is allowed where it has a meaning", () => {
  compile(`
definition user {}
definition group { relation member: user | group#member }
definition folder {
  relation parent: folder
  relation viewer: user
  relation banned: user
  permission view = viewer + parent->view
  permission all_views = viewer + parent.all(all_views)
  permission allowed = view - banned
}`);
});

test("a wildcard may stand behind a subject relation", () => {
  compile(`
definition user {}
definition group { relation member: user | user:* }
definition document { relation viewer: group#member; permission view = viewer }`);
});
