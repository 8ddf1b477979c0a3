import pc from "picocolors";
import { describe, expect, test } from "vitest";
import { renderTree } from "../../../src/cli/tree/render-tree.ts";
import { RelataError } from "../../../src/errors.ts";
import type { ExplainedCaveat, TreeNode, TreePart } from "../../../src/model/tree.ts";
import { parseTuple } from "../../../src/model/tuple-text.ts";

const plain = pc.createColors(false);
const draw = (nodes: readonly TreeNode[], full = false) => renderTree(nodes, { style: plain, full }).join("\n");

const member = (text: string, sameAs?: number): TreePart => {
  const [object = "", name = ""] = text.split("#");
  const [type = "", id = ""] = object.split(":");
  return { kind: "member", object: { type, id }, member: name, ...(sameAs !== undefined && { sameAs }) };
};
const tuple = (text: string, caveat?: ExplainedCaveat): TreePart => ({
  kind: "tuple",
  tuple: parseTuple(text),
  ...(caveat && { caveat }),
});

describe("a tree", () => {
  test("of Expand has every kind of part, and no marks", () => {
    const nodes: TreeNode[] = [
      { parent: 0, what: member("document:1#view") },
      { parent: 0, what: { kind: "exclusion" } },
      { parent: 1, what: { kind: "union" } },
      { parent: 2, what: member("document:1#viewer") },
      { parent: 3, what: tuple("document:1#viewer@user:anne") },
      { parent: 3, what: tuple('document:1#viewer@group:eng#member[office:{"floor":3}]') },
      { parent: 5, what: member("group:eng#member") },
      { parent: 2, what: { kind: "arrow", quantifier: "any", tupleset: "parent", target: "view" } },
      { parent: 7, what: tuple("document:1#parent@folder:a") },
      { parent: 8, what: member("folder:a#view") },
      { parent: 2, what: { kind: "arrow", quantifier: "all", tupleset: "team", target: "member" } },
      { parent: 2, what: { kind: "self", object: { type: "document", id: "1" } } },
      { parent: 2, what: { kind: "nil" } },
      { parent: 1, what: member("document:1#banned"), subtracted: true },
    ];
    expect(draw(nodes)).toBe(`document:1#view
└─ the first, but not the rest
   ├─ any of
   │  ├─ document:1#viewer
   │  │  ├─ document:1#viewer@user:anne
   │  │  └─ document:1#viewer@group:eng#member[office:{"floor":3}]
   │  │     └─ group:eng#member
   │  ├─ parent->view
   │  │  └─ document:1#parent@folder:a
   │  │     └─ folder:a#view
   │  ├─ team.all(member)
   │  ├─ self, which is document:1
   │  └─ nil, which is nobody
   └─ but not document:1#banned`);
  });

  test("of an explanation marks what each part came to, with caveats and expired tuples", () => {
    const caveat = (result: ExplainedCaveat["result"], context = {}): ExplainedCaveat => ({
      name: "office",
      expression: "floor <=\n    top",
      context,
      result,
    });
    const nodes: TreeNode[] = [
      { parent: 0, what: member("document:1#view"), result: "conditional" },
      { parent: 0, what: { kind: "intersection" }, result: "conditional" },
      {
        parent: 1,
        what: tuple("document:1#a@group:eng#member[office]", caveat({ kind: "missing", names: ["floor", "top"] })),
        result: "conditional",
      },
      { parent: 2, what: member("group:eng#member"), result: "allowed" },
      {
        parent: 1,
        what: tuple("document:1#b@user:u[office]", caveat({ kind: "true" }, { floor: 1 })),
        result: "allowed",
      },
      {
        parent: 1,
        what: tuple("document:1#c@user:u[office]", caveat({ kind: "false" }, { floor: 1 })),
        result: "denied",
      },
      {
        parent: 1,
        what: tuple("document:1#d@user:u[office]", {
          ...caveat({ kind: "failed", error: new RelataError("CAVEAT_EVALUATION_FAILED", "division by zero") }),
        }),
      },
      {
        parent: 1,
        what: {
          kind: "no_tuple",
          tuple: parseTuple("document:1#e@user:u[expiration:2020-01-01T00:00:00Z]"),
          expired: true,
        },
        result: "denied",
      },
      {
        parent: 1,
        what: { kind: "no_tuple", tuple: parseTuple("document:1#e@user:*"), expired: false },
        result: "denied",
      },
    ];
    expect(draw(nodes)).toBe(`? document:1#view
└─ ? all of
   ├─ ? document:1#a@group:eng#member[office]
   │  │  caveat office: floor <= top
   │  │  without values: needs floor, top
   │  └─ ✓ group:eng#member
   ├─ ✓ document:1#b@user:u[office]
   │     caveat office: floor <= top
   │     with {"floor":1}: true
   ├─ ✗ document:1#c@user:u[office]
   │     caveat office: floor <= top
   │     with {"floor":1}: false
   ├─ document:1#d@user:u[office]
   │     caveat office: floor <= top
   │     without values: failed: division by zero
   ├─ ✗ document:1#e@user:u expired 2020-01-01T00:00:00Z
   └─ ✗ no tuple document:1#e@user:*`);
  });

  test("says whether a repeated member is a cycle or stands elsewhere", () => {
    const nodes: TreeNode[] = [
      { parent: 0, what: member("group:a#member"), result: "denied" },
      { parent: 0, what: tuple("group:a#member@group:b#member"), result: "denied" },
      { parent: 1, what: member("group:b#member"), result: "denied" },
      { parent: 2, what: tuple("group:b#member@group:a#member"), result: "denied" },
      { parent: 3, what: member("group:a#member", 0), result: "denied" },
      { parent: 0, what: tuple("group:a#member@group:c#member"), result: "denied" },
      { parent: 5, what: member("group:b#member", 2), result: "denied" },
    ];
    expect(draw(nodes)).toBe(`✗ group:a#member
├─ ✗ group:a#member@group:b#member
│  └─ ✗ group:b#member
│     └─ ✗ group:b#member@group:a#member
│        └─ ✗ group:a#member (a cycle: see above)
└─ ✗ group:a#member@group:c#member
   └─ ✗ group:b#member (see above)`);
  });

  test("leaves out operators over a single part, and keeps what they are subtracted from", () => {
    const nodes: TreeNode[] = [
      { parent: 0, what: member("document:1#view"), result: "denied" },
      { parent: 0, what: { kind: "exclusion" }, result: "denied" },
      { parent: 1, what: { kind: "union" }, result: "allowed" },
      { parent: 2, what: { kind: "intersection" }, result: "allowed" },
      { parent: 3, what: member("document:1#viewer"), result: "allowed" },
      { parent: 1, what: { kind: "union" }, subtracted: true, result: "allowed" },
      { parent: 5, what: member("document:1#banned"), result: "allowed" },
    ];
    expect(draw(nodes)).toBe(`✗ document:1#view
└─ ✗ the first, but not the rest
   ├─ ✓ document:1#viewer
   └─ but not ✓ document:1#banned`);
  });

  test("that is wide shows those parts first that hold, and counts the rest", () => {
    const wide = (result: (index: number) => TreeNode["result"] | undefined): TreeNode[] => [
      { parent: 0, what: member("group:all#member"), result: "allowed" },
      ...Array.from({ length: 1_234 }, (_, index) => {
        const came = result(index);
        return { parent: 0, what: tuple(`group:all#member@user:u${index}`), ...(came && { result: came }) };
      }),
    ];
    const lines = draw(wide((index) => (index === 999 ? "allowed" : index === 7 ? "conditional" : "denied"))).split(
      "\n",
    );
    expect(lines).toHaveLength(22);
    expect(lines.at(1)).toBe("├─ ✗ group:all#member@user:u0");
    expect(lines.at(-2)).toBe("├─ ✓ group:all#member@user:u999");
    expect(lines.at(-1)).toBe("└─ … and 1,214 more (1,214 ✗)");
    expect(lines).toContain("├─ ? group:all#member@user:u7");
    const unmarked = draw(wide(() => undefined)).split("\n");
    expect(unmarked.at(-1)).toBe("└─ … and 1,214 more");
    const all = draw(
      wide(() => undefined),
      true,
    ).split("\n");
    expect(all).toHaveLength(1_235);
    expect(all.at(-1)).toBe("└─ group:all#member@user:u1233");
  });

  test("20,000 deep is drawn without recursion, in lines no wider than the others", { timeout: 20_000 }, () => {
    const nodes: TreeNode[] = [{ parent: 0, what: member("group:g0#member"), result: "allowed" }];
    for (let level = 1; level < 10_000; level++) {
      nodes.push({ parent: nodes.length - 1, what: tuple(`group:g${level - 1}#member@group:g${level}#member`) });
      nodes.push({ parent: nodes.length - 1, what: member(`group:g${level}#member`), result: "allowed" });
    }
    const lines = renderTree(nodes, { style: plain });
    expect(lines).toHaveLength(nodes.length);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(160);
    expect(lines.at(-1)).toMatch(/^⋯\d+ +└─ ✓ group:g9999#member$/);
    expect(lines.at(10)).toBe(`${"   ".repeat(9)}└─ ✓ group:g5#member`);
  });

  test("never hands a terminal what it would obey", () => {
    const nodes: TreeNode[] = [
      {
        parent: 0,
        what: tuple('document:1#v@user:u[c:{"a":"\u009b31m\u202e"}]', {
          name: "c",
          expression: 'a == "\u001b[2J\u0007"',
          context: { a: "\u009b31m\u202e" },
          result: { kind: "true" },
        }),
      },
    ];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(draw(nodes)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test("that is empty is no lines", () => {
    expect(renderTree([], { style: plain })).toEqual([]);
  });
});
