import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTempDir, type TempDir } from "../../support/temp-dir.ts";
import { runTestCli } from "../run-cli.ts";

const SCHEMA = `use expiration
use self
caveat late(hour int) { hour > 20 }
definition user {}
definition bot {}
definition group {
  relation member: user | user:* | group#member | user with late | group#member with late
}
definition folder {
  relation parent: folder | folder with late
  relation viewer: user | user:* | group#member | user with late
  permission view = viewer + parent->view
}
definition document {
  relation folder: folder | folder with late
  relation viewer: user | user:* | group#member | user with late | user:* with late | user with expiration | bot
  relation editor: user | user:* | group#member | user with late | user:* with late
  relation trusted: user | user with late
  relation banned: user | user:* | user with late | group#member
  permission view = viewer + editor + folder->view
  permission both = viewer & editor
  permission allowed = viewer - banned
  permission any_but = (viewer + editor) - banned
  permission mixed = (viewer - banned) + editor
  permission picked = (viewer - banned) & editor
  permission rest = (viewer - banned) - (editor - trusted)
  permission every = folder.all(view)
  permission me = self
  permission none = nil
}
`;

let dir: TempDir;
beforeAll(async () => {
  dir = await createTempDir();
  await mkdir(dir.path, { recursive: true });
  await writeFile(join(dir.path, "model.zed"), SCHEMA);
});
afterAll(() => dir[Symbol.asyncDispose]());

/** What `--json` says of one entry of a `validation:` block. */
async function compare(tuples: readonly string[], relation: string, lines: readonly string[]) {
  const text = [
    "schemaFile: model.zed",
    `relationships: |-\n${tuples.map((tuple) => `  ${tuple}`).join("\n")}`,
    `validation:\n  ${relation}:\n${lines.map((line) => `    - ${JSON.stringify(line)}`).join("\n")}`,
  ].join("\n");
  await writeFile(join(dir.path, "case.yaml"), text);
  const { stdout } = await runTestCli(["validate", "--json", "case.yaml"], { cwd: dir.path });
  const { expectedRelations, problems } = JSON.parse(stdout);
  expect(problems).toEqual([]);
  const [{ passed, missing, extra, message }] = expectedRelations;
  return { passed, missing, extra, ...(message !== undefined && { message }) };
}
const RIGHT = { passed: true, missing: [], extra: [] };

describe("a validation block holds", () => {
  test.each([
    ["of direct subjects", ["document:1#viewer@user:a"], "document:1#view", ["[user:a] is <document:1#viewer>"]],
    [
      "of somebody who is there twice",
      ["document:1#viewer@user:a", "document:1#editor@user:a"],
      "document:1#view",
      ["[user:a] is <document:1#editor>/<document:1#viewer>"],
    ],
    [
      "of groups, which are subjects too, and their members",
      ["document:1#viewer@group:g#member", "group:g#member@group:h#member", "group:h#member@user:a"],
      "document:1#view",
      [
        "[group:g#member] is <document:1#viewer>",
        "[group:h#member] is <group:g#member>",
        "[user:a] is <group:h#member>",
      ],
    ],
    [
      "of a ring of groups",
      [
        "group:g#member@group:h#member",
        "group:h#member@group:g#member",
        "group:h#member@user:a",
        "document:1#viewer@group:g#member",
      ],
      "document:1#view",
      [
        "[group:g#member] is <document:1#viewer>/<group:h#member>",
        "[group:h#member] is <group:g#member>",
        "[user:a] is <group:h#member>",
      ],
    ],
    [
      "of a ring that is entered from two sides",
      [
        "document:1#viewer@group:g#member",
        "document:1#editor@group:h#member",
        "group:g#member@group:h#member",
        "group:h#member@group:g#member",
        "group:g#member@user:a",
      ],
      "document:1#both",
      [
        "[group:g#member] is <document:1#viewer>/<group:h#member>",
        "[group:h#member] is <document:1#editor>/<group:g#member>",
        "[user:a] is <group:g#member>",
      ],
    ],
    [
      "through an arrow",
      ["document:1#folder@folder:a", "folder:a#parent@folder:b", "folder:b#viewer@user:a"],
      "document:1#view",
      ["[user:a] is <folder:b#viewer>"],
    ],
    [
      "of caveats, anywhere on the way",
      [
        'document:1#viewer@user:a[late:{"hour":3}]',
        "document:1#viewer@user:b",
        "document:1#editor@user:b[late]",
        "document:1#folder@folder:a[late]",
        "folder:a#viewer@user:c",
        "document:1#editor@group:g#member",
        "group:g#member@group:h#member[late]",
        "group:h#member@user:d",
      ],
      "document:1#view",
      [
        "[user:a[...]] is <document:1#viewer>",
        "[user:b] is <document:1#editor>/<document:1#viewer>",
        "[user:c[...]] is <folder:a#viewer>",
        "[user:d[...]] is <group:h#member>",
        "[group:g#member] is <document:1#editor>",
        "[group:h#member[...]] is <group:g#member>",
      ],
    ],
    [
      "of tuples that have not expired",
      [
        "document:1#viewer@user:a[expiration:2020-01-01T00:00:00Z]",
        "document:1#viewer@user:b[expiration:2999-01-01T00:00:00Z]",
      ],
      "document:1#view",
      ["[user:b] is <document:1#viewer>"],
    ],
    [
      "of intersections: in both, with the relations of both",
      [
        "document:1#viewer@user:a",
        "document:1#editor@user:a",
        "document:1#viewer@user:b",
        "document:1#viewer@user:c[late]",
        "document:1#editor@user:c",
      ],
      "document:1#both",
      [
        "[user:a] is <document:1#editor>/<document:1#viewer>",
        "[user:c[...]] is <document:1#editor>/<document:1#viewer>",
      ],
    ],
    [
      "of everybody and somebody",
      ["document:1#viewer@user:*", "document:1#editor@user:a", "document:1#editor@user:b[late]"],
      "document:1#both",
      ["[user:a] is <document:1#editor>", "[user:b[...]] is <document:1#editor>"],
    ],
    [
      "of everybody but a few",
      [
        "document:1#viewer@user:*",
        "document:1#viewer@user:c",
        "document:1#banned@user:a",
        "document:1#banned@user:b[late]",
        "document:1#banned@user:c",
      ],
      "document:1#allowed",
      ["[user:* - {user:a, user:b[...], user:c}] is <document:1#viewer>"],
    ],
    [
      "of everybody under a caveat",
      ["document:1#viewer@user:*[late]", "document:1#banned@user:a"],
      "document:1#allowed",
      ["[user:*[...] - {user:a}] is <document:1#viewer>"],
    ],
    [
      "of nobody, where everybody is banned",
      ["document:1#viewer@user:*", "document:1#viewer@user:a", "document:1#banned@user:*"],
      "document:1#allowed",
      [],
    ],
    [
      "of somebody who may be banned",
      ["document:1#viewer@user:a", "document:1#viewer@user:b", "document:1#banned@user:b[late]"],
      "document:1#allowed",
      ["[user:a] is <document:1#viewer>", "[user:b[...]] is <document:1#banned>/<document:1#viewer>"],
    ],
    [
      "of everybody twice",
      ["document:1#viewer@user:*", "document:1#editor@user:*", "document:1#banned@user:a"],
      "document:1#any_but",
      ["[user:* - {user:a}] is <document:1#editor>/<document:1#viewer>"],
    ],
    [
      "of everybody but one, and perhaps everybody",
      ["document:1#viewer@user:*", "document:1#banned@user:a", "document:1#editor@user:*[late]"],
      "document:1#mixed",
      ["[user:* - {user:a[...]}] is <document:1#editor>/<document:1#viewer>"],
    ],
    [
      "of everybody but some, and some of these",
      [
        "document:1#viewer@user:*",
        "document:1#banned@user:a",
        "document:1#banned@user:b",
        "document:1#banned@user:c",
        "document:1#editor@user:a",
        "document:1#editor@user:b[late]",
      ],
      "document:1#mixed",
      [
        "[user:* - {user:b[...], user:c}] is <document:1#viewer>",
        "[user:a] is <document:1#editor>",
        "[user:b[...]] is <document:1#editor>",
      ],
    ],
    [
      "of somebody, if among everybody",
      [
        "document:1#viewer@user:*",
        "document:1#banned@user:a",
        "document:1#banned@user:b[late]",
        "document:1#editor@user:a",
        "document:1#editor@user:b",
        "document:1#editor@user:c",
      ],
      "document:1#picked",
      [
        "[user:b[...]] is <document:1#banned>/<document:1#editor>/<document:1#viewer>",
        "[user:c] is <document:1#editor>",
      ],
    ],
    [
      "of everybody without everybody but some",
      [
        "document:1#viewer@user:*",
        "document:1#banned@user:a",
        "document:1#editor@user:*",
        "document:1#trusted@user:a",
        "document:1#trusted@user:b",
        "document:1#trusted@user:c[late]",
      ],
      "document:1#rest",
      ["[user:b] is <document:1#trusted>", "[user:c[...]] is <document:1#trusted>"],
    ],
    [
      "of everybody without, perhaps, everybody but some",
      [
        "document:1#viewer@user:*",
        "document:1#viewer@user:b",
        "document:1#viewer@user:d",
        "document:1#banned@user:a",
        "document:1#editor@user:*[late]",
        "document:1#trusted@user:b",
      ],
      "document:1#rest",
      [
        "[user:*[...] - {user:a}] is <document:1#editor>/<document:1#viewer>",
        "[user:b] is <document:1#trusted>/<document:1#viewer>",
        "[user:d[...]] is <document:1#viewer>",
      ],
    ],
    [
      "of all folders at once",
      [
        "document:1#folder@folder:a",
        "document:1#folder@folder:b",
        "folder:a#viewer@user:a",
        "folder:a#viewer@user:b",
        "folder:b#viewer@user:b",
      ],
      "document:1#every",
      ["[user:b] is <folder:a#viewer>/<folder:b#viewer>"],
    ],
    ["of self", [], "document:1#me", ["[document:1] is <document:1#me>"]],
    ["of nobody", ["document:1#viewer@user:a"], "document:1#none", []],
    [
      "written with other blanks and orders",
      ["document:1#viewer@user:*", "document:1#banned@user:a", "document:1#banned@user:b"],
      "document:1#allowed",
      ["  [user:*  -  { user:b,user:a }]   is  <document:1#viewer>"],
    ],
    [
      "written with an ellipsis",
      ["document:1#viewer@user:a"],
      "document:1#view",
      ["[user:a#...] is <document:1#viewer>"],
    ],
  ])("%s", async (_what, tuples, relation, lines) => {
    expect(await compare(tuples, relation, lines)).toEqual(RIGHT);
  });
});

describe("a validation block does not hold", () => {
  const TUPLES = ["document:1#viewer@user:a", "document:1#editor@user:b[late]"];
  const [A, B] = ["[user:a] is <document:1#viewer>", "[user:b[...]] is <document:1#editor>"];

  test.each([
    ["where somebody is missing", [A, B, "[user:c] is <document:1#viewer>"], ["[user:c] is <document:1#viewer>"], []],
    ["where somebody is not expected", [A], [], [B]],
    ["where nobody is expected", [], [], [A, B]],
    ["where the relation is another", ["[user:a] is <document:1#editor>", B], ["[user:a] is <document:1#editor>"], [A]],
    [
      "where a relation is too much",
      ["[user:a] is <document:1#viewer>/<document:1#editor>", B],
      ["[user:a] is <document:1#editor>/<document:1#viewer>"],
      [A],
    ],
    ["where a caveat is forgotten", [A, "[user:b] is <document:1#editor>"], ["[user:b] is <document:1#editor>"], [B]],
    [
      "where a caveat is none",
      ["[user:a[...]] is <document:1#viewer>", B],
      ["[user:a[...]] is <document:1#viewer>"],
      [A],
    ],
  ])("%s", async (_what, lines, missing, extra) => {
    expect(await compare(TUPLES, "document:1#view", lines)).toEqual({ passed: false, missing, extra });
  });

  test.each([
    ["[user:*] is <document:1#viewer>"],
    ["[user:* - {user:a[...]}] is <document:1#viewer>"],
    ["[user:* - {user:a, user:b}] is <document:1#viewer>"],
    ["[user:*[...] - {user:a}] is <document:1#viewer>"],
  ])("where the exceptions are others: %s", async (line) => {
    const tuples = ["document:1#viewer@user:*", "document:1#banned@user:a"];
    const extra = ["[user:* - {user:a}] is <document:1#viewer>"];
    expect(await compare(tuples, "document:1#allowed", [line])).toEqual({ passed: false, missing: [line], extra });
  });

  test("where the schema has no such permission", async () => {
    const message = 'definition document has no relation or permission "fly"';
    expect(await compare(TUPLES, "document:1#fly", [])).toMatchObject({
      passed: false,
      message: expect.stringContaining(message),
    });
  });
});
