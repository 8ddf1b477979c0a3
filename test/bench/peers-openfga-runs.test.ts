import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Exchange, Recording } from "../support/http-exchange.ts";
import { replayHttp } from "../support/replay-server.ts";
import { OPENFGA_RUNS, type OpenFgaRun, type OpenFgaRunName } from "./openfga-runs.ts";

/** Made by record-openfga.ts. */
const RECORDED = JSON.parse(readFileSync(join(import.meta.dirname, "recordings", "openfga.json"), "utf8")) as Recording;
const AT_ONCE = ["json minimize_latency", "json fully_consistent"].flatMap((lane) => [
  `${lane}: 200 true`,
  `${lane}: 200 true`,
]);
const DOCUMENTS = {
  tuples: 9,
  answers: [
    "document:plan#manage@user:anne: true",
    "document:plan#edit@user:ben: true",
    "document:plan#view@user:nobody-special: true",
    "document:plan#edit@group:berlin#member: true",
    "document:memo#view@user:carl: true",
    "document:plan#view@user:mallory: false",
    "document:plan#edit@user:carl: false",
    "document:memo#view@user:anne: false",
  ],
  atOnce: AT_ONCE,
};
const GROUPS = {
  tuples: 1,
  answers: ["group:a#member@user:anne: true", "group:a#member@user:ben: false"],
  atOnce: AT_ONCE,
};
const AT = "PeerError: OpenFGA at HERE";

/** What each run has to find, whoever answers. */
const EXPECTED: Readonly<Record<OpenFgaRunName, unknown>> = {
  "load, check, remove": DOCUMENTS,
  "caveats and ends": {
    tuples: 6,
    answers: [
      "account:1#read@user:anne: true",
      "account:1#read@user:ben: true",
      "account:2#read@user:carl: true",
      "account:2#pay@user:dora: true",
      "account:1#read@user:anne: false",
      "account:1#read@user:late: false",
      "account:2#read@user:carl: false",
      "account:2#pay@user:late: false",
    ],
    atOnce: AT_ONCE,
  },
  "two tenants, and ids that are translated": {
    tuples: 4,
    answers: [
      "group:same#member@user:a:b%3A: true",
      "group:outer#member@group:inner#member: true",
      "group:same#member@user:a%3Ab:: false",
      "group:same#member@user:a%3Ab:: true",
      "group:outer#member@group:inner#member: true",
      "group:same#member@user:a:b%3A: false",
    ],
    atOnce: AT_ONCE,
  },
  "a token": GROUPS,
  "no token": `${AT}, listing its stores: it asks for a token (bearer_token_missing: missing bearer token): add one, openfga=HOST:PORT,TOKEN`,
  "a wrong token": `${AT}, listing its stores: it does not take the token (unauthenticated: unauthenticated): give one of those it was started with (--authn-preshared-keys)`,
  "a store that was left": GROUPS,
  "a model that is refused": `${AT}, writing the model: it refuses what it was sent (invalid_authorization_model: the definition of relation 'member' in object type 'group' is invalid: no entrypoints defined)`,
  "a tuple that is refused": `${AT}, writing tuples: it refuses what it was sent (cannot_allow_duplicate_tuples_in_one_request: duplicate tuple in write: user: 'user:anne', relation: 'member', object: 'group:a')`,
  "a server that takes few tuples at a time": DOCUMENTS,
  "a question that is too deep": `${AT}, asking group:1#member@user:anne: it gives up at so many steps (authorization_model_resolution_too_complex: Authorization Model resolution required too many rewrite rules to be resolved. Check your authorization model for infinite recursion or too much nesting): start it with a greater --resolve-node-limit, 25 by default`,
  "a caveat that lacks a parameter": `${AT}, asking account:1#payer@user:anne: it refuses what it was sent (validation_error: failed to evaluate relationship condition: 'within' - tuple 'account:1#payer@user:anne' is missing context parameters '[amount]')`,
};

async function replay(exchanges: readonly Exchange[], { token, run }: OpenFgaRun) {
  const server = await replayHttp(exchanges);
  const address = { name: "openfga", host: "127.0.0.1", port: server.port, ...(token && { token }) } as const;
  try {
    const found = await run(address);
    return {
      found: typeof found === "string" ? found.replace(`127.0.0.1:${server.port}`, "HERE") : found,
      finish: server.finish,
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

function recorded(name: OpenFgaRunName): readonly Exchange[] {
  const exchanges = RECORDED.runs[name];
  if (exchanges === undefined) throw new Error(`${name} is not recorded: node test/bench/record-openfga.ts`);
  return exchanges;
}

describe(`the OpenFGA peer, against recorded exchanges of ${RECORDED.server}`, () => {
  for (const [name, run] of Object.entries(OPENFGA_RUNS) as [OpenFgaRunName, OpenFgaRun][]) {
    it(`says and hears what was recorded: ${name}`, async () => {
      const { found, finish } = await replay(recorded(name), run);
      finish();
      expect(found).toEqual(EXPECTED[name]);
    });
  }

  it("has no recording that nobody replays", () => {
    expect(Object.keys(RECORDED.runs).sort()).toEqual(Object.keys(OPENFGA_RUNS).sort());
  });

  it("takes a turned answer for what it is", async () => {
    const exchanges = recorded("load, check, remove").map((exchange) => {
      const { body } = exchange.response as { readonly body?: { readonly allowed?: boolean } };
      return body?.allowed === true
        ? { ...exchange, response: { ...exchange.response, body: { allowed: false, resolution: "" } } }
        : exchange;
    });
    const { found, finish } = await replay(exchanges, OPENFGA_RUNS["load, check, remove"]);
    finish();
    expect(found).toMatchObject({
      answers: DOCUMENTS.answers.map((answer) => answer.replace("true", "false")),
      atOnce: AT_ONCE.map((answer) => answer.replace("true", "false")),
    });
  });
});

describe("the replaying server", () => {
  const run = OPENFGA_RUNS["load, check, remove"];

  it("tells what was sent in place of what was recorded", async () => {
    const changed = recorded("load, check, remove").map(({ request, response }) =>
      request.path.endsWith("/authorization-models")
        ? { request: { ...request, body: { ...(request.body as object), schema_version: "1.2" } }, response }
        : { request, response },
    );
    await using server = await replayHttp(changed);
    await expect(run.run({ name: "openfga", host: "127.0.0.1", port: server.port })).rejects.toThrow(
      "writing the model",
    );
    expect(() => server.finish()).toThrow(
      /request 4 is .*"schema_version":"1.1".*; recorded is .*"schema_version":"1.2"/,
    );
  });

  it("tells what was not sent", async () => {
    const exchanges = recorded("load, check, remove");
    const { finish } = await replay([...exchanges, exchanges[0] as Exchange], run);
    expect(finish).toThrow(`1 of ${exchanges.length + 1} recorded requests were not sent`);
  });
});
