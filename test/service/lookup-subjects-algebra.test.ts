import { describe, expect, test } from "vitest";
import { openRoom } from "./lookup-subjects-room.ts";

/**
 * Sets of subjects, as in SpiceDB's own tables (internal/datasets): `*-{tom}` is everybody but tom, `[c]` a caveat. A set is
 * a relation of who is in it less a relation of who is not; caveat `c` holds when the context says so.
 */
const CAVEATS = ["a", "c", "c1", "c2", "e", "w"];
const SIDES = CAVEATS.flatMap((name) => [`user with ${name}`, `user:* with ${name}`]).join(" | ");
const SCHEMA = `${CAVEATS.map((name) => `caveat ${name}(${name} bool) { ${name} }`).join("\n")}
definition user {}
definition set {
  relation left_in: user | user:* | ${SIDES}
  relation left_out: user | ${SIDES}
  relation right_in: user | user:* | ${SIDES}
  relation right_out: user | ${SIDES}
  permission left = left_in - left_out
  permission right = right_in - right_out
  permission union = left + right
  permission subtract = left - right
  permission intersect = left & right
}`;

/** `*-tom[c1]`, `sarah tom`, `tom[a]`, `*[w]-tom[e]`. */
function tuplesOf(side: "left" | "right", set: string): string[] {
  const [inside = "", outside = ""] = set.split("-");
  const tuples = (text: string, relation: string) =>
    text
      .split(" ")
      .filter((one) => one !== "")
      .map((one) => `set:s#${relation}@user:${one}`);
  return [...tuples(inside, `${side}_in`), ...tuples(outside, `${side}_out`)];
}

interface Row {
  readonly left: string;
  readonly right: string;
  /** With no context at all. */
  readonly is: readonly string[];
  /** With a context, and what it comes to. */
  readonly given?: readonly (readonly [context: Readonly<Record<string, boolean>>, is: readonly string[]])[];
}

const TABLE: Readonly<Record<"union" | "subtract" | "intersect", readonly Row[]>> = {
  union: [
    { left: "*", right: "*-tom", is: ["*", "tom"] },
    { left: "*-tom", right: "*-sarah", is: ["*", "sarah", "tom"] },
    { left: "*-tom sarah", right: "*-sarah", is: ["*", "!sarah", "tom"] },
    { left: "*-tom", right: "*-tom", is: ["*", "!tom"] },
    { left: "*-tom", right: "tom", is: ["*", "tom"] },
    {
      left: "*[c1]",
      right: "*[c2]",
      is: ["*?c1,c2"],
      given: [
        [{ c1: false, c2: true }, ["*"]],
        [{ c1: false, c2: false }, []],
      ],
    },
    { left: "tom", right: "sarah[c]", is: ["sarah?c", "tom"] },
    {
      left: "*-tom[c1]",
      right: "tom[c2]",
      is: ["*", "tom?c1,c2"],
      given: [
        [{ c1: true, c2: false }, ["*", "!tom"]],
        [{ c1: true, c2: true }, ["*", "tom"]],
        [{ c1: true }, ["*", "tom?c2"]],
        // Nobody names tom any more: neither of his tuples holds.
        [{ c1: false, c2: false }, ["*"]],
      ],
    },
  ],
  subtract: [
    { left: "*", right: "*", is: [] },
    { left: "sarah tom", right: "*", is: [] },
    {
      left: "sarah tom",
      right: "*[c]",
      is: ["sarah?c", "tom?c"],
      given: [
        [{ c: false }, ["sarah", "tom"]],
        [{ c: true }, []],
      ],
    },
    { left: "sarah tom", right: "*-tom", is: ["tom"] },
    {
      left: "sarah[c1] tom",
      right: "*[c]-tom",
      is: ["sarah?c,c1", "tom"],
      given: [
        [{ c1: true, c: false }, ["sarah", "tom"]],
        [{ c1: true, c: true }, ["tom"]],
      ],
    },
    { left: "*", right: "tom[c1]", is: ["*", "tom?c1"], given: [[{ c1: true }, ["*", "!tom"]]] },
    {
      left: "*-tom[c1]",
      right: "tom[c2]",
      is: ["*", "tom?c1,c2"],
      given: [
        [{ c1: false, c2: true }, ["*", "!tom"]],
        [{ c1: false, c2: false }, ["*"]],
      ],
    },
    // Everybody less everybody leaves nobody but who is named.
    { left: "*-sarah", right: "*-tom sarah", is: ["tom"] },
    { left: "*[c]", right: "tom", is: ["*?c", "!tom"], given: [[{ c: false }, []]] },
  ],
  intersect: [
    { left: "*-tom", right: "*-sarah", is: ["*", "!sarah", "!tom"] },
    { left: "tom", right: "*", is: ["tom"] },
    { left: "tom", right: "*-tom", is: [] },
    { left: "tom sarah", right: "sarah", is: ["sarah"] },
    {
      left: "tom[a]",
      right: "*[w]-tom[e]",
      is: ["tom?a,e,w"],
      given: [
        [{ a: true, w: true, e: false }, ["tom"]],
        [{ a: true, w: true, e: true }, []],
        [{ a: true, w: true }, ["tom?e"]],
      ],
    },
    { left: "*[c1]", right: "*[c2]-tom", is: ["*?c1,c2", "!tom"] },
  ],
};

describe.each(Object.entries(TABLE))("%s", (operator, rows) => {
  test.each(rows)("{$left} and {$right}", async ({ left, right, is, given = [] }) => {
    const room = await openRoom(SCHEMA, [...tuplesOf("left", left), ...tuplesOf("right", right)]);
    expect(await room.list(`set:s#${operator}`, "user")).toEqual(is);
    for (const [context, then] of given)
      expect(await room.list(`set:s#${operator}`, "user", { context })).toEqual(then);
  });
});
