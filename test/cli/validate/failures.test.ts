import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTempDir, type TempDir } from "../../support/temp-dir.ts";
import { runTestCli } from "../run-cli.ts";

const SCHEMA = `schema: |-
  use expiration
  caveat office_hours(hour int, opens int) { hour >= opens && hour < 18 }
  definition user {}
  definition group { relation member: user | group#member }
  definition document {
    relation viewer: user | user:* | group#member | user with office_hours | user with expiration
    relation banned: user
    permission view = viewer - banned
  }
relationships: |-
  document:1#viewer@user:carl[office_hours:{"opens":8}]
  document:1#viewer@user:past[expiration:2020-01-01T00:00:00Z]
  document:1#viewer@group:eng#member
  document:1#banned@user:eve
  group:eng#member@group:eng#member
  group:eng#member@user:paul
  document:public#viewer@user:*
  document:public#banned@user:eve
`;

let dir: TempDir;
beforeAll(async () => {
  dir = await createTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

async function validate(expectations: string, ...flags: string[]) {
  await writeFile(join(dir.path, "case.yaml"), `${SCHEMA}${expectations}`);
  return runTestCli(["validate", ...flags, "case.yaml"], { cwd: dir.path });
}

test("a wrong denial is a diff, with its place and all that was tried", async () => {
  const run = await validate(`assertions:
  assertTrue:
    - document:1#view@user:past
    - 'document:1#view@user:carl with {"hour": 20}'
    - document:1#view@user:eve
`);
  expect(run).toMatchObject({ exit: 1, stderr: "" });
  expect(run.stdout).toBe(`FAIL case.yaml: 3 of 3 assertions do not hold
case.yaml:22: document:1#view@user:past
  22 | - document:1#view@user:past
     |   ^^^^^^^^^^^^^^^^^^^^^^^^^
  - expected allowed
  + got      denied
  ✗ document:1#view
  └─ ✗ the first, but not the rest
     ├─ ✗ document:1#viewer
     │  ├─ ✗ document:1#viewer@user:past expired 2020-01-01T00:00:00Z
     │  ├─ ✗ no tuple document:1#viewer@user:*
     │  └─ ✗ document:1#viewer@group:eng#member
     │     └─ ✗ group:eng#member
     │        ├─ ✗ no tuple group:eng#member@user:past
     │        └─ ✗ group:eng#member@group:eng#member
     │           └─ ✗ group:eng#member (a cycle: see above)
     └─ but not ✗ document:1#banned
        └─ ✗ no tuple document:1#banned@user:past
case.yaml:23: document:1#view@user:carl with {"hour": 20}
  23 | - 'document:1#view@user:carl with {"hour": 20}'
     |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  - expected allowed
  + got      denied
  ✗ document:1#view
  └─ ✗ the first, but not the rest
     ├─ ✗ document:1#viewer
     │  ├─ ✗ document:1#viewer@user:carl[office_hours:{"opens":8}]
     │  │     caveat office_hours: hour >= opens && hour < 18
     │  │     with {"hour":20,"opens":8}: false
     │  ├─ ✗ no tuple document:1#viewer@user:*
     │  └─ ✗ document:1#viewer@group:eng#member
     │     └─ ✗ group:eng#member
     │        ├─ ✗ no tuple group:eng#member@user:carl
     │        └─ ✗ group:eng#member@group:eng#member
     │           └─ ✗ group:eng#member (a cycle: see above)
     └─ but not ✗ document:1#banned
        └─ ✗ no tuple document:1#banned@user:carl
case.yaml:24: document:1#view@user:eve
  24 | - document:1#view@user:eve
     |   ^^^^^^^^^^^^^^^^^^^^^^^^
  - expected allowed
  + got      denied
  ✗ document:1#view
  └─ ✗ the first, but not the rest
     └─ but not ✓ document:1#banned
        └─ ✓ document:1#banned@user:eve
`);
});

test("a wrong yes shows the way that granted it, and a conditional answer what it needs", async () => {
  const run = await validate(`assertions:
  assertFalse:
    - document:1#view@user:paul
    - document:1#view@user:carl
`);
  expect(run.exit).toBe(1);
  expect(run.stdout).toBe(`FAIL case.yaml: 2 of 2 assertions do not hold
case.yaml:22: document:1#view@user:paul
  22 | - document:1#view@user:paul
     |   ^^^^^^^^^^^^^^^^^^^^^^^^^
  - expected denied
  + got      allowed
  ✓ document:1#view
  └─ ✓ the first, but not the rest
     ├─ ✓ document:1#viewer
     │  └─ ✓ document:1#viewer@group:eng#member
     │     └─ ✓ group:eng#member
     │        └─ ✓ group:eng#member@user:paul
     └─ but not ✗ document:1#banned
        └─ ✗ no tuple document:1#banned@user:paul
case.yaml:23: document:1#view@user:carl
  23 | - document:1#view@user:carl
     |   ^^^^^^^^^^^^^^^^^^^^^^^^^
  - expected denied
  + got      conditional: needs hour
  ? document:1#view
  └─ ? the first, but not the rest
     ├─ ? document:1#viewer
     │  └─ ? document:1#viewer@user:carl[office_hours:{"opens":8}]
     │        caveat office_hours: hour >= opens && hour < 18
     │        with {"opens":8}: needs hour
     └─ but not ✗ document:1#banned
        └─ ✗ no tuple document:1#banned@user:carl
`);
});

test("a question that has no answer says why", async () => {
  const run = await validate(`assertions:
  assertTrue: [document:1#fly@user:carl, 'document:1#view@user:carl with {"hour": "noon"}']
`);
  expect(run.exit).toBe(1);
  expect(run.stdout).toMatch(/no answer: definition document has no relation or permission "fly"; it has viewer/);
  expect(run.stdout).toMatch(/no answer: .*hour/);
  expect(run.stdout).toContain("  21 | assertTrue: [document:1#fly@user:carl,");
});

test("subjects that are not as expected are a diff too", async () => {
  const run = await validate(`validation:
  document:public#view:
    - "[user:*] is <document:public#viewer>"
    - "[user:eve] is <document:public#viewer>"
  document:1#banned:
    - "[user:eve] is <document:1#banned>"
`);
  expect(run.exit).toBe(1);
  expect(run.stdout).toBe(`FAIL case.yaml: 1 of 2 expected relations does not hold
case.yaml:21: the subjects of document:public#view
  21 | document:public#view:
     | ^^^^^^^^^^^^^^^^^^^^
  - [user:*] is <document:public#viewer> (line 22)
  - [user:eve] is <document:public#viewer> (line 23)
  + [user:* - {user:eve}] is <document:public#viewer>
`);
});

test("passes count both, and --json tells everything", async () => {
  const expectations = `assertions:
  assertTrue: [document:1#view@user:paul]
  assertCaveated: [document:1#view@user:carl]
validation:
  document:1#banned: ["[user:eve] is <document:1#banned>"]
`;
  const passed = await validate(expectations);
  expect(passed).toMatchObject({ exit: 0 });
  expect(passed.stdout).toBe("PASS case.yaml: 2 assertions and 1 expected relation hold over 8 tuples\n");
  const { assertions, expectedRelations } = JSON.parse((await validate(expectations, "--json")).stdout);
  expect(assertions.at(-1)).toEqual({
    line: 22,
    assertion: "document:1#view@user:carl",
    expected: "conditional",
    got: "conditional",
    passed: true,
    missingContext: ["hour"],
  });
  expect(expectedRelations).toEqual([
    { line: 24, relation: "document:1#banned", passed: true, missing: [], extra: [] },
  ]);
});

test("of many questions none is refused for what the others cost", { timeout: 30_000 }, async () => {
  // 1,000 questions at a time, each more than 110 problems: together more than the budget of a request.
  const groups = Array.from({ length: 110 }, (_, n) => `  group:g${n}#member@group:g${n + 1}#member`).join("\n");
  const asked = Array.from({ length: 1_010 }, (_, n) => `    - group:g0#member@user:u${n}`).join("\n");
  await writeFile(join(dir.path, "many.yaml"), `${SCHEMA}${groups}\nassertions:\n  assertFalse:\n${asked}\n`);
  const run = await runTestCli(["validate", "many.yaml"], { cwd: dir.path });
  expect(run).toMatchObject({ exit: 0, stdout: "PASS many.yaml: 1,010 assertions hold over 118 tuples\n" });
});
