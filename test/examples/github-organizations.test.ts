import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { convertOrganizations } from "../../examples/github-organizations/convert.ts";
import { readOrganizationFolder } from "../../examples/github-organizations/read-folder.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { type Ask, askInMemory, questionOf } from "./ask.ts";
import { compareOrganizations } from "./compare-organizations.ts";
import { readAllOrganizations } from "./organization-reading.ts";

const example = join(import.meta.dirname, "..", "..", "examples", "github-organizations");
const sample = join(example, "sample");
const schema = readFileSync(join(example, "schema.zed"), "utf8");

describe("the sample organisation", () => {
  const conversion = convertOrganizations(readOrganizationFolder(sample));
  let ask: Ask;
  beforeAll(async () => {
    ask = await askInMemory(schema, conversion.tuples);
  });

  it.each([
    ["repository:acme/engine#write@user:anne", true, "in the team"],
    ["repository:acme/engine#write@user:ben", true, "in a child team"],
    ["repository:acme/engine#write@user:carla", true, "in a child's child"],
    ["repository:acme/engine#maintain@user:ben", false, "a child inherits the role and no more"],
    ["repository:acme/engine-storage#maintain@user:anne", false, "a parent does not have what its child has"],
    ["repository:acme/engine-storage#read@user:anne", true, "by the base permission"],
    ["repository:acme/engine-storage#triage@user:anne", false, "which is read only"],
    ["repository:acme/engine-storage#admin@user:carla", true, "the most of several roles counts"],
    ["repository:acme/engine-storage#admin@user:ben", false, "not in the team below"],
    ["repository:acme/engine#admin@user:otto", true, "an admin, written Otto"],
    ["repository:acme/handbook#read@user:newcomer", true, "a member of no team"],
    ["repository:acme/handbook#write@user:newcomer", false, "and of no team"],
    ["repository:acme/handbook#triage@user:carla", true, "through a team whose name has a space"],
    [
      "repository:acme-labs/playground#read@user:olivia",
      false,
      "no base permission there, and an admin elsewhere only",
    ],
    ["repository:acme-labs/playground#read@user:stranger", false, "in no organisation"],
    ["repository:acme-labs/playground#write@user:ben", true, "written BEN in one place and ben in another"],
    ["team:acme/platform#member@user:carla", true, "of a child's child"],
    ["team:acme/platform-storage#member@user:anne", false, "of the parent only"],
    ["team:acme/platform-storage-oncall#manage@user:otto", true, "an admin of the organisation"],
    ["team:acme/platform#manage@user:carla", false, "maintains a team below"],
  ])("%s is %s: %s", async (question, allowed) => {
    expect(await ask([questionOf(question)])).toEqual([allowed]);
  });

  it("agrees with the independent reading on every repository × role × person of any organisation", async () => {
    const readings = readAllOrganizations(sample);
    const everyone = new Set(readings.flatMap(({ people }) => [...people]));
    const { questions, allowed, disagreements } = await compareOrganizations(readings, ask, {
      peopleOf: () => everyone,
    });
    expect(disagreements).toEqual([]);
    // 5 repositories of acme and 1 of acme-labs; 7 people, of whom three are in both.
    expect(questions).toBe(6 * 5 * 7);
    // acme: 2 admins × 25, base read 5 × 5, engine 7, engine-storage 7, website 8, handbook 2; acme-labs: 5 and 3.
    expect(allowed).toBe(107);
  });

  // Tuples whose loss changes no answer: a team's organisation is for managing it, and some rights are granted twice over.
  const redundant =
    /^team:.*#organization@|tools#read_role|#maintainer@user:otto|^organization:.*#direct_member@user:(anne|ben|carla|dev-bot|olivia)/;
  const needed = conversion.tuples.map(formatTuple).filter((tuple) => !redundant.test(tuple));

  it.each(needed)("would disagree without %s", async (left) => {
    const poorer = conversion.tuples.filter((tuple) => formatTuple(tuple) !== left);
    const readings = readAllOrganizations(sample);
    const everyone = new Set(readings.flatMap(({ people }) => [...people]));
    const { disagreements } = await compareOrganizations(readings, await askInMemory(schema, poorer), {
      peopleOf: () => everyone,
    });
    expect(disagreements.length).toBeGreaterThan(0);
  });
});

describe("files that are wrong", () => {
  it.each([
    ["admins: [a]\nmembers: [A]\n", "org.yaml: members: a is listed twice"],
    ["members: a\n", "members: expected a list of logins"],
    ["default_repository_permission: all\n", 'unknown default_repository_permission "all"'],
    ["teams: { t: { members: [x] } }\n", "team t: x is not in the organisation"],
    ["teams: { t: { repos: { r: push } } }\n", 'team t: repos: r: unknown role "push"; known are read, triage'],
    ["teams: { A b: {}, a-b: {} }\n", "team a-b: is there twice (o/a-b)"],
    ["a: [\n", "o/org.yaml: "],
  ])("%j", (text, problem) => {
    const { problems } = convertOrganizations([{ path: "o/org.yaml", text }]);
    expect(problems.join("\n")).toContain(problem);
  });

  it("says when an organisation has no org.yaml", () => {
    const { problems } = convertOrganizations([{ path: "o/x/teams.yaml", text: "teams: {}" }]);
    expect(problems).toEqual(["o: there is no o/org.yaml"]);
  });
});
