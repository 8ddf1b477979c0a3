import { describe, expect, it } from "vitest";
import { planOf } from "../../bench/compiled.ts";
import { convertSchema } from "../../bench/peers/openfga-model.ts";
import { questionOf, tupleOf } from "../../bench/peers/openfga-tuples.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

const convert = (text: string) => convertSchema(planOf(text).schema);
const DOCUMENT = (allowed: string) => `definition user {}\ndefinition document { relation r: ${allowed} }\n`;
const TIMESTAMP = { type_name: "TYPE_NAME_TIMESTAMP" };

describe("caveats in OpenFGA's words", () => {
  it("are conditions of the same CEL, with parameters of the same types", () => {
    const { model, unsaid, differences } = convert(`${DOCUMENT("user with all_types | user")}
      caveat all_types(i int, u uint, d double, s string, b bool, e duration, t timestamp, l list<string>, m map<list<int>>, a ipaddress, x any) {
        i > 1 && u > 1u && d > 1.0 && s == "s" && b && t + e > t && s in l && m.size() > 1 && a.in_cidr("10.0.0.0/8") && x == 1
      }`);
    expect(model.conditions).toEqual({
      all_types: {
        name: "all_types",
        expression:
          'i > 1 && u > 1u && d > 1.0 && s == "s" && b && t + e > t && s in l && m.size() > 1 && a.in_cidr("10.0.0.0/8") && x == 1',
        parameters: {
          i: { type_name: "TYPE_NAME_INT" },
          u: { type_name: "TYPE_NAME_UINT" },
          d: { type_name: "TYPE_NAME_DOUBLE" },
          s: { type_name: "TYPE_NAME_STRING" },
          b: { type_name: "TYPE_NAME_BOOL" },
          e: { type_name: "TYPE_NAME_DURATION" },
          t: TIMESTAMP,
          l: { type_name: "TYPE_NAME_LIST", generic_types: [{ type_name: "TYPE_NAME_STRING" }] },
          m: {
            type_name: "TYPE_NAME_MAP",
            generic_types: [{ type_name: "TYPE_NAME_LIST", generic_types: [{ type_name: "TYPE_NAME_INT" }] }],
          },
          a: { type_name: "TYPE_NAME_IPADDRESS" },
          x: { type_name: "TYPE_NAME_ANY" },
        },
      },
    });
    expect(model.type_definitions[1]?.metadata?.relations["r"]).toEqual({
      directly_related_user_types: [{ type: "user", condition: "all_types" }, { type: "user" }],
    });
    expect(unsaid).toEqual([]);
    expect(differences).toEqual([expect.stringContaining("lacks a parameter")]);
  });

  it("are left out where no relation allows them", () => {
    expect(convert(`${DOCUMENT("user")} caveat c(b bytes) { size(b) > 1 }`)).toMatchObject({
      unsaid: [],
      differences: [],
      model: { schema_version: "1.1" },
    });
    expect(convert(`${DOCUMENT("user")} caveat c(b bool) { b }`).model).not.toHaveProperty("conditions");
  });

  it("are named where OpenFGA has no words for them", () => {
    expect(convert(`${DOCUMENT("user with c")} caveat c(b bytes) { size(b) > 1 }`).unsaid).toEqual([
      "caveat c: OpenFGA's conditions have no parameters of type bytes, as b is",
    ]);
    const expression = Array.from({ length: 100 }, (_, number) => `i > ${number}`).join(" && ");
    expect(convert(`${DOCUMENT("user with c")} caveat c(i int) { ${expression} }`).unsaid).toEqual([
      `caveat c: its expression has ${expression.length} bytes, and a condition of OpenFGA at most 512`,
    ]);
  });

  it("get other names where theirs are too long", () => {
    const long = "c".repeat(60);
    const { model } = convert(`${DOCUMENT(`user with ${long}`)} caveat ${long}(b bool) { b }`);
    const name = "c".repeat(50);
    expect(model.conditions).toMatchObject({ [name]: { name } });
    expect(model.type_definitions[1]?.metadata?.relations["r"]).toEqual({
      directly_related_user_types: [{ type: "user", condition: name }],
    });
  });
});

describe("ends of tuples in OpenFGA's words", () => {
  const schema = `use expiration
    ${DOCUMENT("user with expiration | user with on and expiration | user with on")}
    caveat on(relata_now bool) { relata_now // and more
    }`;

  it("are conditions over a time that whoever asks tells, in names that no caveat has", () => {
    const { model, conditions, differences } = convert(schema);
    expect(model.conditions).toEqual({
      relata_unexpired: {
        name: "relata_unexpired",
        expression: "relata_now2 < relata_end",
        parameters: { relata_now2: TIMESTAMP, relata_end: TIMESTAMP },
      },
      on_unexpired: {
        name: "on_unexpired",
        expression: "(relata_now // and more\n) && relata_now2 < relata_end",
        parameters: { relata_now: { type_name: "TYPE_NAME_BOOL" }, relata_now2: TIMESTAMP, relata_end: TIMESTAMP },
      },
      on: {
        name: "on",
        expression: "relata_now // and more",
        parameters: { relata_now: { type_name: "TYPE_NAME_BOOL" } },
      },
    });
    expect(conditions.ends).toBe(true);
    expect(differences).toHaveLength(2);
  });

  it("are written with the tuple, beside its caveat's context, and asked with the question's", () => {
    const converted = convert(schema);
    const tuple = (text: string) => tupleOf(converted, parseTuple(`document:1#r@user:anne${text}`), "");
    const plain = { object: "document:1", relation: "r", user: "user:anne" };
    const end = "2030-01-01T00:00:00.000Z";
    expect(tuple("[expiration:2030-01-01T00:00:00Z]")).toEqual({
      ...plain,
      condition: { name: "relata_unexpired", context: { relata_end: end } },
    });
    expect(tuple('[on:{"relata_now":true}][expiration:2030-01-01T00:00:00Z]')).toEqual({
      ...plain,
      condition: { name: "on_unexpired", context: { relata_now: true, relata_end: end } },
    });
    expect(tuple('[on:{"relata_now":true}]')).toEqual({
      ...plain,
      condition: { name: "on", context: { relata_now: true } },
    });
    const question = {
      object: { type: "document", id: "1" },
      member: "r",
      subject: { type: "user", id: "anne", relation: "" },
    };
    const asked = { question, allowed: true, kind: "by name", context: { relata_now: false } };
    expect(questionOf(converted, asked, { tenants: 1, nowMs: Date.UTC(2030, 0, 1) })).toEqual({
      tuple: plain,
      context: { relata_now: false, relata_now2: end },
    });
  });
});

describe("ids in OpenFGA's words", () => {
  const converted = convert(DOCUMENT("user | user:* | document#r"));
  const tuple = (text: string, prefix = "") => tupleOf(converted, parseTuple(text), prefix);

  it("begin with their tenant, but for everybody's", () => {
    expect(tuple("document:1#r@document:2#r", "7/")).toEqual({
      object: "document:7/1",
      relation: "r",
      user: "document:7/2#r",
    });
    expect(tuple("document:1#r@user:*", "7/").user).toBe("user:*");
  });

  it("are translated where OpenFGA refuses a character, each into another one", () => {
    expect(tuple("document:a:b#r@user:a%3Ab")).toEqual({
      object: "document:a%3Ab",
      relation: "r",
      user: "user:a%253Ab",
    });
  });

  it("may fill what OpenFGA has room for, and no more", () => {
    const ids = (object: number, user: number) => `document:${"d".repeat(object)}#r@user:${"u".repeat(user)}`;
    expect(tuple(ids(247, 507)).object).toHaveLength(256);
    expect(() => tuple(ids(248, 1))).toThrow(/#r@user:u: OpenFGA takes objects of at most 256 characters/);
    expect(() => tuple(ids(1, 508))).toThrow("subjects of at most 512 bytes, types included");
  });
});
