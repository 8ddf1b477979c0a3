import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planOf } from "../../bench/compiled.ts";
import { convertSchema } from "../../bench/peers/openfga-model.ts";

/** What a schema of users, groups and the given becomes. */
const convert = (text: string) => convertSchema(planOf(`definition user {}\n${text}`).schema);
const typeIn = (text: string, type: string) =>
  convert(text).model.type_definitions.find((definition) => definition.type === type);
const GROUP = "definition group { relation member: user | group#member }\n";
/** The permission `p` of a document over the relations `a`, `b` and `c`. */
const permission = (expression: string) =>
  typeIn(
    `definition document { relation a: user\n relation b: user\n relation c: user\n permission p = ${expression} }`,
    "document",
  )?.relations?.["p"];
const [A, B, C] = ["a", "b", "c"].map((relation) => ({ computedUserset: { relation } }));

describe("relations in OpenFGA's words", () => {
  it("are direct ones, of users, everybody, usersets", () => {
    const { model, unsaid, differences } = convert(
      `${GROUP}definition document { relation r: user | user:* | group#member }`,
    );
    expect(model).toEqual({
      schema_version: "1.1",
      type_definitions: [
        { type: "user" },
        {
          type: "group",
          relations: { member: { this: {} } },
          metadata: {
            relations: {
              member: { directly_related_user_types: [{ type: "user" }, { type: "group", relation: "member" }] },
            },
          },
        },
        {
          type: "document",
          relations: { r: { this: {} } },
          metadata: {
            relations: {
              r: {
                directly_related_user_types: [
                  { type: "user" },
                  { type: "user", wildcard: {} },
                  { type: "group", relation: "member" },
                ],
              },
            },
          },
        },
      ],
    });
    expect(unsaid).toEqual([]);
    expect(differences).toEqual([]);
  });

  it("may hold those who have a permission", () => {
    const text = "definition team { relation r: user\n permission p = r }\ndefinition document { relation r: team#p }";
    expect(typeIn(text, "document")?.metadata?.relations["r"]).toEqual({
      directly_related_user_types: [{ type: "team", relation: "p" }],
    });
  });

  it("keep the prefix of their types", () => {
    expect(typeIn("definition shop/order { relation r: user }", "shop/order")?.relations).toEqual({ r: { this: {} } });
  });

  it("get other names where OpenFGA refuses theirs, the same everywhere and nobody else's", () => {
    const long = "a".repeat(60);
    const cut = "a".repeat(50);
    const text = `definition this { relation ${long}: user\n relation ${cut}: this\n permission p = ${cut}->${long} }
      definition self { relation r: this#${long} }`;
    const { model, names } = convert(text);
    const renamed = names.member(long);
    expect(renamed).toBe(`${"a".repeat(49)}2`);
    expect(model.type_definitions.map(({ type }) => type)).toEqual(["user", "this_", "self_"]);
    expect(model.type_definitions[1]).toEqual({
      type: "this_",
      relations: {
        [renamed]: { this: {} },
        [cut]: { this: {} },
        p: { tupleToUserset: { tupleset: { relation: cut }, computedUserset: { relation: renamed } } },
      },
      metadata: {
        relations: {
          [renamed]: { directly_related_user_types: [{ type: "user" }] },
          [cut]: { directly_related_user_types: [{ type: "this_" }] },
        },
      },
    });
    expect(model.type_definitions[2]?.metadata?.relations["r"]).toEqual({
      directly_related_user_types: [{ type: "this_", relation: renamed }],
    });
  });
});

describe("permissions in OpenFGA's words", () => {
  it("are usersets, without a direct type", () => {
    expect(typeIn("definition document { relation a: user\n permission p = a }", "document")).toEqual({
      type: "document",
      relations: { a: { this: {} }, p: { computedUserset: { relation: "a" } } },
      metadata: { relations: { a: { directly_related_user_types: [{ type: "user" }] } } },
    });
  });

  it("join, intersect and exclude", () => {
    expect(permission("a + b + c")).toEqual({ union: { child: [A, B, C] } });
    expect(permission("a & b & c")).toEqual({ intersection: { child: [A, B, C] } });
    expect(permission("a - b")).toEqual({ difference: { base: A, subtract: B } });
  });

  it("nest as the language binds: union, intersection, exclusion, each from the left", () => {
    expect(permission("a - b - c")).toEqual({
      difference: { base: { difference: { base: A, subtract: B } }, subtract: C },
    });
    expect(permission("a - (b - c)")).toEqual({
      difference: { base: A, subtract: { difference: { base: B, subtract: C } } },
    });
    expect(permission("a & b + c")).toEqual({ intersection: { child: [A, { union: { child: [B, C] } }] } });
    expect(permission("(a & b) + (c - a)")).toEqual({
      union: { child: [{ intersection: { child: [A, B] } }, { difference: { base: C, subtract: A } }] },
    });
  });

  it("have no `nil`, which leaves no operand of one child behind", () => {
    expect(permission("a + nil")).toEqual(A);
    expect(permission("a - nil")).toEqual(A);
    expect(permission("(a + b + nil) & c")).toEqual({ intersection: { child: [{ union: { child: [A, B] } }, C] } });
  });

  it("that hold nobody are relations that nothing is written to", () => {
    for (const nobody of ["nil", "a & nil", "nil - a", "(a & nil) + nil"]) {
      expect(typeIn(`definition document { relation a: user\n permission p = ${nobody} }`, "document")).toEqual({
        type: "document",
        relations: { a: { this: {} }, p: { this: {} } },
        metadata: {
          relations: {
            a: { directly_related_user_types: [{ type: "user" }] },
            p: { directly_related_user_types: [{ type: "document" }] },
          },
        },
      });
    }
  });
});

describe("arrows in OpenFGA's words", () => {
  const arrow = (parents: string, expression: string) =>
    convert(`definition shelf { relation owner: user }
      definition folder { relation owner: user\n relation view: user | folder#owner }
      definition document { relation parent: ${parents}\n permission p = ${expression} }`);
  const said = { tupleToUserset: { tupleset: { relation: "parent" }, computedUserset: { relation: "view" } } };
  const p = ({ model }: ReturnType<typeof convert>) => model.type_definitions.at(-1)?.relations?.["p"];

  it("are tuple-to-usersets, also over several types and where only some have the target", () => {
    for (const parents of ["folder", "folder | shelf"]) {
      const found = arrow(parents, "parent->view");
      expect(p(found)).toEqual(said);
      expect(found.unsaid).toEqual([]);
    }
    expect(p(arrow("folder", "parent.any(view)"))).toEqual(said);
  });

  it("are not said over all objects, or where the tuples may hold usersets", () => {
    expect(arrow("folder", "parent.all(view)").unsaid).toEqual([
      "document#p: OpenFGA has no arrow over all objects, as parent.all(view)",
    ]);
    expect(arrow("folder | folder#owner", "parent->view").unsaid).toEqual([
      "document#p: OpenFGA has no arrow over a relation that may hold folder#owner, as parent in parent->view",
    ]);
  });
});

describe("what OpenFGA has no words for", () => {
  it("is named: self", () => {
    const { schema } = planOf("use self\ndefinition user { relation boss: user\n permission see = self + boss }");
    expect(convertSchema(schema).unsaid).toEqual(["user#see: OpenFGA has no `self`"]);
  });

  it("is named in the examples, and what is not named converts", () => {
    const folder = join(import.meta.dirname, "../../schema/examples");
    const found = readdirSync(folder)
      .filter((file) => file.endsWith(".zed"))
      .map((file) => {
        const { schema } = planOf(readFileSync(join(folder, file), "utf8"));
        const { model, unsaid } = convertSchema(schema);
        const members = model.type_definitions.flatMap(({ relations }) => Object.keys(relations ?? {}));
        expect([model.type_definitions.length, members.length]).toEqual([schema.types.length, schema.members.length]);
        return [file, unsaid];
      });
    expect(Object.fromEntries(found)).toEqual({
      "code-hosting.zed": [],
      "documents.zed": [],
      "healthcare.zed": [],
      "package-registry.zed": ["user#view_profile: OpenFGA has no `self`"],
      "saas-workspaces.zed": [],
      "ticketing.zed": ["ticket#approve_change: OpenFGA has no arrow over all objects, as affects.all(approve)"],
    });
  });
});
