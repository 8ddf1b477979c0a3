import { readFileSync } from "node:fs";
import { create, type DescMessage, type DescMethod, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as published from "../../src/client/relata-client.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { postJson } from "../support/server-raw.ts";
import { TRANSPORTS } from "../support/server-transports.ts";

const PAGE = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");

interface Example {
  readonly method: DescMethod;
  readonly procedure: string;
  readonly request: string;
  /** As many as messages; undefined where the page shows no answer. */
  readonly answers: readonly JsonValue[] | undefined;
}

const METHODS = new Map(
  API_SERVICES.flatMap((service) =>
    service.methods.map((method): [string, DescMethod] => [`${service.typeName}/${method.name}`, method]),
  ),
);

/** Each fence with a request, and the fence behind it with the answer, one message per paragraph or line. */
const EXAMPLES: readonly Example[] = PAGE.split("```http\nPOST /")
  .slice(1)
  .map((part) => {
    const [fence = "", ...rest] = part.split("\n```\n");
    const procedure = fence.slice(0, fence.indexOf("\n"));
    const method = METHODS.get(procedure);
    if (method === undefined) throw new Error(`docs/api.md has an example of ${procedure}, which is no method`);
    const answer = rest.join("\n```\n").trimStart();
    const isAnswered = answer.startsWith("```json\n");
    const answers = isAnswered
      ? messagesOf(answer.slice("```json\n".length).split("\n```")[0] ?? "", method)
      : undefined;
    return { method, procedure, request: fence.slice(fence.indexOf("\n") + 1), answers };
  });

function messagesOf(text: string, method: DescMethod): readonly JsonValue[] {
  const texts = method.methodKind === "unary" ? [text] : text.split("\n");
  return texts.map((message) => JSON.parse(message) as JsonValue);
}

let server: TestServer;
let transport: Transport;
beforeAll(async () => {
  server = await startTestServer({ config: { maxStalenessMs: 0 } });
  await server.createTenant("acme");
  transport = TRANSPORTS["Connect with JSON over HTTP/1.1"](server, { authorization: server.issuer.bearer() });
});
afterAll(() => server.close());

async function ask({ method, procedure }: Example, request: string): Promise<readonly JsonValue[]> {
  if (method.methodKind === "unary") {
    const { status, body } = await postJson(server.httpUrl, procedure, request, {
      authorization: server.issuer.bearer(),
    });
    expect([status, body]).toEqual([200, body]);
    return [body as JsonValue];
  }
  const input = fromJson(method.input as DescMessage, JSON.parse(request));
  const streaming = method as DescMethod & { readonly methodKind: "server_streaming" };
  const sent = (async function* () {
    yield create(method.input, input);
  })();
  const { message } = await transport.stream(streaming, undefined, undefined, undefined, sent);
  const answers: JsonValue[] = [];
  for await (const answer of message) answers.push(toJson(method.output as DescMessage, answer));
  return answers;
}

/** `…` stands for any text that is not empty. */
function matching(expected: JsonValue): unknown {
  if (expected === "…") return expect.stringMatching(/./);
  if (Array.isArray(expected)) return expected.map(matching);
  if (typeof expected !== "object" || expected === null) return expected;
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, matching(value)]));
}

describe("the page's examples, in their order", () => {
  let cursor = "";
  test.each(EXAMPLES.map((example, index) => [index + 1, example.method.name, example] as const))(
    "%i: %s",
    async (_index, _name, example) => {
      const answers = await ask(example, example.request.replace('"cursor": "…"', `"cursor": "${cursor}"`));
      cursor = (answers.at(-1) as { readonly cursor?: string } | undefined)?.cursor ?? "";
      if (example.answers !== undefined) expect(answers).toEqual(example.answers.map(matching));
    },
  );
});

test("the TypeScript of the page runs and prints what it should", async () => {
  const [, program = ""] = PAGE.split("```ts\n");
  const body = (program.split("\n```")[0] ?? "").replace(
    /^import (\{.*\}) from "relata\/client";$/m,
    "const $1 = published;",
  );
  const printed: unknown[][] = [];
  const run = new Function("published", "address", "token", "console", `return (async () => {${body}})()`);
  await run(published, server.grpcAddress, server.issuer.mint(), {
    log: (...values: unknown[]) => printed.push(values),
  });
  expect(printed).toEqual([["handbook", ""], ["*"], ["mallory"], ["UNKNOWN_RELATION_OR_PERMISSION"]]);
});

test("there is one for every question, with its answer", () => {
  const answered = EXAMPLES.filter(({ answers }) => answers !== undefined);
  const questions = [...METHODS.keys()].filter((procedure) => procedure.startsWith("relata.v1.AuthorizationService/"));
  expect([...new Set(answered.map(({ procedure }) => procedure))].toSorted()).toEqual(questions.toSorted());
});

test("the page names every field of every question and its answers", () => {
  const part = PAGE.slice(PAGE.indexOf("## Questions and answers"), PAGE.indexOf("## Limits"));
  const named = new Set(part.match(/(?<=[`"])[a-z][A-Za-z_]*(?=[`"])/g));
  const missing = [...METHODS.values()]
    .filter(({ parent }) => parent.name === "AuthorizationService")
    .flatMap(({ input, output }) => [...input.fields, ...output.fields])
    .filter(({ name, jsonName }) => !named.has(name) && !named.has(jsonName));
  expect([...new Set(missing.map(({ name, parent }) => `${parent.name}.${name}`))]).toEqual([]);
});
