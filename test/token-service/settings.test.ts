import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config.ts";
import { tokenService } from "./world.ts";

const PEOPLE = {
  issuer: "https://login.test",
  profile: "oidc",
  keys: { kind: "discovery" },
  algorithms: ["ES256"],
  audiences: ["web"],
};
const MEMBERSHIP = { object: "organization:{tenant}", permission: "member", subject: "user:{sub}" };

function withExchange(changes: object, membership: object = {}): object {
  const exchange = { issuers: [PEOPLE], membership: { ...MEMBERSHIP, ...membership }, scopes: ["check"], ...changes };
  return { exchange };
}

test("what is not said is the safe thing", () => {
  expect(tokenService(withExchange({}))).toMatchObject({
    accessTokenLifetimeMs: 600_000,
    refreshTokenLifetimeMs: 86_400_000,
    exchange: { clients: "required", membership: { wildcards: false } },
  });
});

test.each<[string, object, RegExp]>([
  ["tokens of less than 5 minutes", { accessTokenLifetimeMs: "299s" }, /5m to 15m/],
  ["tokens of more than 15 minutes", { accessTokenLifetimeMs: "901s" }, /5m to 15m/],
  ["refresh tokens for ever", { refreshTokenLifetimeMs: "91d" }, /refreshTokenLifetimeMs/],
  ["an issuer with a path", { issuer: "https://auth.test/oauth" }, /origin/],
  ["an issuer in clear text", { issuer: "http://auth.test" }, /https/],
  ["no audience", { audience: "" }, /audience/],
  ["a scope there is none of", { scopes: ["admin"] }, /scopes/],
  ["an issuer of callers as its own", { issuer: "https://idp.test" }, /nobody else may sign/],
  [
    "its own tokens to be exchanged",
    withExchange({ issuers: [{ ...PEOPLE, issuer: "https://auth.relata.test" }] }),
    /not exchanged/,
  ],
  [
    "people of an issuer called as that of API tokens",
    withExchange({ issuers: [{ ...PEOPLE, issuer: "relata", keys: { kind: "file", path: "/keys.json" } }] }),
    /relata's own API tokens/,
  ],
  ["symmetric algorithms", withExchange({ issuers: [{ ...PEOPLE, algorithms: ["HS256"] }] }), /algorithms/],
  ["people of no audience", withExchange({ issuers: [{ ...PEOPLE, audiences: [] }] }), /audience/],
  ["a membership of everybody alike", withExchange({}, { subject: "user:someone" }), /must name \{sub\}/],
  ["a membership in any tenant", withExchange({}, { object: "organization:acme" }), /must name \{tenant\}/],
  ["a membership of a set", withExchange({}, { subject: "user:{sub}#member" }), /must be a type/],
  ["a wildcard for a subject", withExchange({}, { subject: "user:*{sub}" }), /must be a type/],
  [
    "two issuers with one name for two people",
    withExchange({ issuers: [PEOPLE, { ...PEOPLE, issuer: "https://b.test" }] }),
    /\{iss\}/,
  ],
])("%s are refused at the start", (_name, settings, message) => {
  expect(() => tokenService(settings)).toThrow(message);
});

test("the settings of docs/token-service.md are taken as they stand there", async () => {
  const page = await readFile(new URL("../../docs/token-service.md", import.meta.url), "utf8");
  const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const issuers = [
    { ...PEOPLE, issuer: "https://idp.test", profile: "oauth", tenant: { kind: "bindings" }, scopes: [] },
  ];
  const settings = { ...(parse(text) as object), databaseUrl: "postgres://relata_app@localhost/relata", issuers };
  expect(loadConfig({ text: JSON.stringify(settings), env: {} }).tokenService).toMatchObject({
    issuer: "https://auth.example.com",
    exchange: { membership: { subject: "user:{sub}" } },
  });
});
