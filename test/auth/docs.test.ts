import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { REMOTE_KEY_POLICY } from "../../src/auth/keys.ts";
import { PROFILES } from "../../src/auth/profile.ts";
import { loadConfig } from "../../src/config.ts";
import { API_TOKEN_PATTERN, DEFAULT_API_TOKEN_POLICY } from "../../src/model/api-token.ts";
import { withIdentityTables } from "../../tools/identity-tables.ts";
import { recordLog } from "./rig.ts";

const page = readFileSync(new URL("../../docs/identity.md", import.meta.url), "utf8");

test("docs/identity.md lists the scope of every method, and every code (`npm run docs` writes them)", () => {
  expect(withIdentityTables(page)).toBe(page);
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

test("docs/credentials.md has the pattern for secret scanners, and the policy of a tenant that has set none", () => {
  const credentials = readFileSync(new URL("../../docs/credentials.md", import.meta.url), "utf8");
  expect(credentials).toContain(`\n${API_TOKEN_PATTERN}\n`);
  const dayMs = 86_400_000;
  expect(DEFAULT_API_TOKEN_POLICY).toEqual({
    defaultLifetimeMs: 90 * dayMs,
    maxLifetimeMs: 365 * dayMs,
    maxActive: 100,
  });
});

test("the examples in docs/identity.md are settings that run", () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? "");
  expect(examples).toHaveLength(4);
  for (const text of examples) {
    const secret = "x".repeat(40);
    const rest = `databaseUrl: postgres://app@localhost/relata\ntokenKeys: [{ id: a, secret: ${secret} }]\n`;
    const { issuers, bindings } = loadConfig({ text: text + rest, file: "docs/identity.md", env: {} });
    createAuthenticator({ issuers, bindings }, { now: Date.now, log: recordLog().log }).close();
  }
});
