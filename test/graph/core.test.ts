import { describe, test } from "vitest";
import { checkHistories, SHAPES } from "./core-histories.ts";

describe.each(SHAPES)("the graph, %s", (_, shape) => {
  test("is what a plain array is, at every revision of the window", () => checkHistories(shape, 60));
});
