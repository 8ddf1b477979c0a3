import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METHOD_SCOPES } from "../../src/auth/scope.ts";
import { parseDurationMs, parseSizeBytes } from "../../src/config/quantity.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { REASONS } from "../../src/errors.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";

const PAGE = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");

/** Cells of the rows of one section, without their backticks. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

test("the page has every method with its scope and its kind of caller", () => {
  const methods = API_SERVICES.flatMap((service) =>
    service.methods.map(({ name }) => `${service.typeName}/${name}` as keyof typeof METHOD_SCOPES),
  );
  const expected = methods.map((method) => {
    const access = METHOD_SCOPES[method];
    return [method, access.kind === "public" ? "" : access.scope, access.kind];
  });
  expect(rowsUnder("Methods")).toEqual(expected);
});

test("the page has every reason with its code, in the code's order", () => {
  expect(rowsUnder("Errors").map(([reason, code]) => [reason, code])).toEqual(Object.entries(REASONS));
});

test("and says of each what to do", () => {
  for (const [reason, , advice = ""] of rowsUnder("Errors"))
    expect([reason, advice.length > 8]).toEqual([reason, true]);
});

/** Settings that bound something other than what a request may ask for. */
const NOT_OF_REQUESTS = ["maxStalenessMs", "maxReadPage", "maxTokenBytes", "maxConnections", "maxRevocations"];

test("the page has every limit of a request with its default", () => {
  const names = Object.keys(SETTINGS).filter(
    (name) => /^max[A-Z]|DeadlineMs$|MaxBytes$/.test(name) && !NOT_OF_REQUESTS.includes(name),
  );
  const rows = rowsUnder("Limits");
  expect(rows.map(([name]) => name).toSorted()).toEqual(names.toSorted());
  for (const [name = "", text = ""] of rows) {
    const setting = SETTINGS[name as keyof typeof SETTINGS];
    const plain = text.replaceAll(",", "");
    const told = setting.type === "duration" ? parseDurationMs(plain) : parseSizeBytes(plain);
    expect([name, told]).toEqual([name, setting.default]);
  }
});
