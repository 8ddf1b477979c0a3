import { readFileSync } from "node:fs";
import { create, type DescMessage, type DescMethod, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { methodAccess } from "../../src/auth/scope.ts";
import * as published from "../../src/client/relata-client.ts";
import { SCOPES } from "../../src/model/scope.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { postJson } from "../support/server-raw.ts";
import { TRANSPORTS } from "../support/server-transports.ts";
import { tokenService } from "../token-service/world.ts";

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

/** What the page calls the issuer. */
const ISSUER = "https://idp.example.com";

let server: TestServer;
beforeAll(async () => {
  const bound = { subject: "service", tenants: ["acme"], platform: false, scopes: SCOPES };
  server = await startTestServer({
    config: { maxStalenessMs: 0, tokenService: tokenService() },
    trust: { tenant: { kind: "bindings" } },
    bindings: [bound],
  });
  await server.createTenant("acme");
});
afterAll(() => server.close());

/** A caller of the method's kind. */
function bearerFor(procedure: string): string {
  const isPlatform = methodAccess(procedure)?.kind === "platform";
  return server.issuer.bearer({ tenant: undefined, sub: isPlatform ? "operator" : "service" });
}

async function ask({ method, procedure }: Example, request: string): Promise<readonly JsonValue[]> {
  const headers = { authorization: bearerFor(procedure) };
  if (method.methodKind === "unary") {
    const { status, body } = await postJson(server.httpUrl, procedure, request, headers);
    expect([status, body]).toEqual([200, body]);
    return [body as JsonValue];
  }
  const transport: Transport = TRANSPORTS["Connect with JSON over HTTP/1.1"](server, headers);
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

/** The last text of each name that an answer held, however deep. */
function remember(answer: JsonValue, known: Map<string, string>): void {
  if (typeof answer !== "object" || answer === null) return;
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value === "string") known.set(name, value);
    else remember(value, known);
  }
}

/** `…` stands for any text that is not empty, and as a name for further fields. */
function matching(expected: JsonValue): unknown {
  if (expected === "…") return expect.stringMatching(/./);
  if (Array.isArray(expected)) return expected.map(matching);
  if (typeof expected !== "object" || expected === null) return expected;
  const { "…": more, ...named } = expected;
  const fields = Object.fromEntries(Object.entries(named).map(([key, value]) => [key, matching(value)]));
  return more === undefined ? fields : expect.objectContaining(fields);
}

describe("the page's examples, in their order", () => {
  const known = new Map<string, string>();
  test.each(EXAMPLES.map((example, index) => [index + 1, example.method.name, example] as const))(
    "%i: %s",
    async (_index, _name, example) => {
      const request = example.request
        .replaceAll(ISSUER, server.issuer.issuer)
        .replace(/"(\w+)": "…"/g, (_, name: string) => `"${name}": "${known.get(name) ?? ""}"`);
      // A cursor is of the call before, or of none.
      known.delete("cursor");
      const answers = await ask(example, request);
      for (const answer of answers) remember(answer, known);
      const seen = JSON.parse(JSON.stringify(answers).replaceAll(server.issuer.issuer, ISSUER)) as JsonValue;
      if (example.answers !== undefined) expect(seen).toEqual(example.answers.map(matching));
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
  await run(published, server.grpcAddress, server.issuer.mint({ tenant: undefined }), {
    log: (...values: unknown[]) => printed.push(values),
  });
  expect(printed).toEqual([["handbook", ""], ["*"], ["mallory"], ["UNKNOWN_RELATION_OR_PERMISSION"]]);
});

/** What the page tells of in words. */
const WITHOUT_EXAMPLE = new Set([
  ...["Write", "Delete", "Read", "Export"].map((name) => `relata.v1.TupleService/${name}`),
  ...["Write", "Read", "Validate", "Diff"].map((name) => `relata.v1.SchemaService/${name}`),
  ...["Get", "List"].map((name) => `relata.v1.TenantService/${name}`),
  "relata.v1.AuditService/QueryDecisions",
]);

test("there is one for every other method, with its answer", () => {
  const answered = new Set(EXAMPLES.filter(({ answers }) => answers !== undefined).map(({ procedure }) => procedure));
  const asked = [...METHODS.keys()].filter((procedure) => !WITHOUT_EXAMPLE.has(procedure));
  expect([...answered].toSorted()).toEqual(asked.toSorted());
});

test("the page names every field of every question and its answers", () => {
  const part = PAGE.slice(PAGE.indexOf("## Questions and answers"), PAGE.indexOf("## Credentials"));
  const named = new Set(part.match(/(?<=[`"])[a-z][A-Za-z_]*(?=[`"])/g));
  const missing = [...METHODS.values()]
    .filter(({ parent }) => parent.name === "AuthorizationService")
    .flatMap(({ input, output }) => [...input.fields, ...output.fields])
    .filter(({ name, jsonName }) => !named.has(name) && !named.has(jsonName));
  expect([...new Set(missing.map(({ name, parent }) => `${parent.name}.${name}`))]).toEqual([]);
});
