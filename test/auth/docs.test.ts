import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DENIALS } from "../../src/auth/admission.ts";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { REMOTE_KEY_POLICY } from "../../src/auth/keys.ts";
import { PROFILES } from "../../src/auth/profile.ts";
import { REFUSALS } from "../../src/auth/refusal.ts";
import { METHOD_SCOPES, type MethodAccess } from "../../src/auth/scope.ts";
import { loadConfig } from "../../src/config.ts";
import { recordLog } from "./rig.ts";

const page = readFileSync(new URL("../../docs/identity.md", import.meta.url), "utf8");

/** The rows of the table with this heading line. */
function rowsUnder(heading: string, from = page): readonly string[] {
  const lines = from.slice(from.indexOf(heading)).split("\n").slice(2);
  return lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("|")),
  );
}

test("docs/identity.md lists the scope of every method", () => {
  const access: readonly (readonly [string, MethodAccess])[] = Object.entries(METHOD_SCOPES);
  const expected = access.flatMap(([method, needed]) =>
    needed.kind === "public" ? [] : [`| \`${method}\` | \`${needed.scope}\` | ${needed.kind} |`],
  );
  expect(rowsUnder("| method | scope | for |")).toEqual(expected);
});

test("docs/identity.md explains every code", () => {
  const [, refusals, denials] = page.split("| code | means |\n");
  expect(rowsUnder("", `\n${refusals}`)).toEqual(
    Object.entries(REFUSALS).map(([code, { means }]) => `| \`${code}\` | ${means} |`),
  );
  expect(rowsUnder("", `\n${denials}`)).toEqual(
    Object.entries(DENIALS).map(([code, means]) => `| \`${code}\` | ${means} |`),
  );
});

test("docs/identity.md names every profile, and the ages of keys as they are", () => {
  for (const profile of Object.keys(PROFILES)) expect(page).toContain(`| \`${profile}\` |`);
  expect(REMOTE_KEY_POLICY).toEqual({
    refreshMs: 5 * 60_000,
    staleMs: 10 * 60_000,
    hardLimitMs: 24 * 3_600_000,
    retryMs: 10_000,
    unknownKidMs: 30_000,
    timeoutMs: 5_000,
  });
});

test("the examples in docs/identity.md are settings that run", () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? "");
  expect(examples).toHaveLength(2);
  for (const text of examples) {
    const secret = "x".repeat(40);
    const rest = `databaseUrl: postgres://app@localhost/relata\ntokenKeys: [{ id: a, secret: ${secret} }]\n`;
    const { issuers, bindings } = loadConfig({ text: text + rest, file: "docs/identity.md", env: {} });
    createAuthenticator({ issuers, bindings }, { now: Date.now, log: recordLog().log }).close();
  }
});
