import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuthorizationService, Decision, TreeNode_Kind } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { type Tuple, TupleSchema } from "../../src/gen/relata/v1/core_pb.ts";
import { TupleService, TupleUpdate_Operation } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { writeTuple } from "../../src/rpc/wire.ts";
import { collect } from "../support/collect.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { postJson } from "../support/server-raw.ts";
import { wireQuestion } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";

const SCHEMA = `use expiration
caveat on_network(address ipaddress, network string) { address.in_cidr(network) }
caveat shaped(shape any, wanted any) { shape == wanted }
definition user {}
definition group { relation member: user }
definition document {
  relation viewer: user | user with on_network | user with shaped | user with expiration | group#member
  permission view = viewer
}
`;
const FULLY = { requirement: { case: "fullyConsistent" as const, value: true } };
const MINUTE_MS = 60_000;

let server: TestServer;
/** How far the server's clock runs ahead. */
let ahead = 0;
beforeAll(async () => {
  server = await startTestServer({ now: () => Date.now() + ahead, config: { maxStalenessMs: 0 } });
});
afterAll(() => server.close());

const tuple = (text: string): Tuple => create(TupleSchema, writeTuple(parseTuple(text)));
const touch = (...tuples: readonly Tuple[]) => ({
  updates: tuples.map((tuple) => ({ operation: TupleUpdate_Operation.TOUCH, tuple })),
});

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  const slug = `caveats-${TRANSPORT_NAMES.indexOf(name)}`;
  const clients = () => {
    const transport = TRANSPORTS[name](server, { authorization: server.issuer.bearer({ tenant: slug }) });
    return {
      authorization: createClient(AuthorizationService, transport),
      tuples: createClient(TupleService, transport),
    };
  };
  beforeAll(async () => {
    ahead = 0;
    await server.createTenant(slug);
    await server.client(slug).schemas.write({ text: SCHEMA });
  });

  test("a caveat's context comes back as it was written, and decides together with the request's", async () => {
    const { authorization, tuples } = clients();
    const written = tuple('document:1#viewer@user:bob[on_network:{"network":"10.0.0.0/8"}]');
    const shaped = tuple('document:1#viewer@user:zoe[shaped:{"wanted":{"a":[1.5,null,true,"zoë",{}]}}]');
    await tuples.write(touch(written, shaped));
    const read = await collect(tuples.read({ filter: { objectId: "1" }, consistency: FULLY }));
    expect(read.map(({ tuple }) => tuple)).toEqual([written, shaped]);
    const ask = (context?: { readonly [key: string]: string }) =>
      authorization.check({
        ...wireQuestion("document:1#view@user:bob"),
        consistency: FULLY,
        ...(context && { context }),
      });
    expect(await ask()).toMatchObject({ decision: Decision.CONDITIONAL, missingContext: ["address"] });
    expect(await ask({ address: "10.9.9.9", other: "no parameter" })).toMatchObject({ decision: Decision.ALLOWED });
    // What the tuple fixes, no request can widen.
    const widened = { address: "192.168.0.1", network: "0.0.0.0/0" };
    expect(await ask(widened)).toMatchObject({ decision: Decision.DENIED, missingContext: [] });
    await expect(ask({ address: "nowhere" })).rejects.toMatchObject({ code: 3 });
  });

  test("lookups, batches and trees tell of conditions and ends", async () => {
    const { authorization, tuples } = clients();
    const until = Date.UTC(2100, 0, 1);
    await tuples.write(
      touch(
        tuple('document:2#viewer@user:bob[on_network:{"network":"10.0.0.0/8"}]'),
        tuple("document:2#viewer@user:carol[expiration:2100-01-01T00:00:00Z]"),
      ),
    );
    const question = { object: { type: "document", id: "2" }, permission: "view", consistency: FULLY };
    const subjects = await collect(authorization.lookupSubjects({ ...question, subjectType: "user" }));
    expect(subjects).toMatchObject([
      { subjectId: "bob", decision: Decision.CONDITIONAL, missingContext: ["address"] },
      { subjectId: "carol", decision: Decision.ALLOWED, expiresAt: timestampFromMs(until) },
    ]);
    const items = ["bob", "carol"].map((id) => wireQuestion(`document:2#view@user:${id}`));
    const { results } = await authorization.batchCheck({ items, consistency: FULLY });
    expect(results.map(({ result }) => result.value)).toMatchObject([
      { decision: Decision.CONDITIONAL, missingContext: ["address"] },
      { decision: Decision.ALLOWED, expiresAt: timestampFromMs(until) },
    ]);
    const { nodes } = await authorization.expand(question);
    expect(nodes.flatMap(({ tuple }) => tuple ?? [])).toMatchObject([
      { caveat: { name: "on_network", context: { network: "10.0.0.0/8" } } },
      { expiresAt: timestampFromMs(until) },
    ]);
  });

  test("an explanation shows the caveat with its values", async () => {
    const { authorization, tuples } = clients();
    await tuples.write(touch(tuple('document:3#viewer@user:bob[on_network:{"network":"10.0.0.0/8"}]')));
    const { explanation } = await authorization.check({
      ...wireQuestion("document:3#view@user:bob"),
      context: { address: "192.168.0.1" },
      consistency: FULLY,
      withExplanation: true,
    });
    const told = explanation?.nodes.find(({ kind }) => kind === TreeNode_Kind.TUPLE);
    expect(told).toMatchObject({
      result: Decision.DENIED,
      caveat: {
        name: "on_network",
        expression: "address.in_cidr(network)",
        context: { address: "192.168.0.1", network: "10.0.0.0/8" },
        result: Decision.DENIED,
      },
    });
    expect(explanation).toMatchObject({ truncated: false, nodes: [{ member: "view" }, {}, {}] });
  });

  test("a tuple ends at its instant, for questions, for Read and for CREATE, and not for Delete", async () => {
    const { authorization, tuples } = clients();
    ahead = 0;
    const expiresAtMs = Date.now() + MINUTE_MS;
    const ending = create(TupleSchema, {
      ...tuple("document:4#viewer@user:eve"),
      expiresAt: timestampFromMs(expiresAtMs),
    });
    await tuples.write(touch(ending));
    const ask = () => authorization.check({ ...wireQuestion("document:4#view@user:eve"), consistency: FULLY });
    const read = () => collect(tuples.read({ filter: { objectId: "4" }, consistency: FULLY }));
    const before = await ask();
    expect([before.decision, before.expiresAt && timestampMs(before.expiresAt)]).toEqual([
      Decision.ALLOWED,
      expiresAtMs,
    ]);
    expect(await read()).toHaveLength(1);
    const create4 = () => tuples.write({ updates: [{ operation: TupleUpdate_Operation.CREATE, tuple: ending }] });
    await expect(create4()).rejects.toMatchObject({ code: 6 });
    ahead = MINUTE_MS;
    const after = await ask();
    expect([after.decision, after.expiresAt]).toEqual([Decision.DENIED, undefined]);
    expect(await read()).toEqual([]);
    await create4();
    expect(await tuples.delete({ filter: { objectType: "document", objectId: "4" } })).toMatchObject({ deleted: 1n });
    ahead = 0;
  });
});

test("a tuple with a caveat is deleted by its key", async () => {
  const { slug } = await server.createTenant();
  const client = server.client(slug);
  await client.schemas.write({ text: SCHEMA });
  const written = tuple('document:1#viewer@user:bob[on_network:{"network":"10.0.0.0/8"}]');
  await client.tuples.write(touch(written));
  const { object, relation, subject } = written;
  const key = create(TupleSchema, { relation, ...(object && { object }), ...(subject && { subject }) });
  await client.tuples.write({ updates: [{ operation: TupleUpdate_Operation.DELETE, tuple: key }] });
  expect(await collect(client.tuples.read({ consistency: FULLY }))).toEqual([]);
});

test("an explanation needs the right to read tuples, in the very tenant", async () => {
  const { slug } = await server.createTenant();
  await server.client(slug).schemas.write({ text: SCHEMA });
  const question = { ...wireQuestion("document:1#view@user:bob"), withExplanation: true };
  const checker = server.client(slug, { scope: "check" });
  expect((await checker.authorization.check({ ...question, withExplanation: false })).decision).toBe(Decision.DENIED);
  await expect(checker.authorization.check(question)).rejects.toMatchObject({
    reason: "PERMISSION_DENIED",
    metadata: { scope: "tuples:read" },
  });
  const reader = server.client(slug, { scope: "check tuples:read" });
  expect((await reader.authorization.check(question)).explanation?.nodes[0]).toMatchObject({ member: "view" });
});

test("a context that a caveat does not take is told, on a tuple and in a question", async () => {
  const { slug } = await server.createTenant();
  const client = server.client(slug);
  await client.schemas.write({ text: SCHEMA });
  const authorization = server.issuer.bearer({ tenant: slug });
  const caveated = (context: object) => ({
    object: { type: "document", id: "1" },
    relation: "viewer",
    subject: { object: { type: "user", id: "bob" } },
    caveat: { name: "on_network", context },
  });
  const write = (context: object) =>
    postJson(
      server.httpUrl,
      "relata.v1.TupleService/Write",
      { updates: [{ operation: "OPERATION_TOUCH", tuple: caveated(context) }] },
      { authorization },
    );
  for (const context of [{ netwrok: "10.0.0.0/8" }, { network: 7 }, { address: "secret-place" }])
    expect((await write(context)).error).toMatchObject({
      reason: "INVALID_CAVEAT_CONTEXT",
      message: expect.stringContaining("updates[0].tuple"),
    });
  const asked = await postJson(
    server.httpUrl,
    "relata.v1.AuthorizationService/Check",
    { ...wireQuestion("document:1#view@user:bob"), contextualTuples: [caveated({ network: 7 })] },
    { authorization },
  );
  expect(asked.error).toMatchObject({
    reason: "INVALID_CAVEAT_CONTEXT",
    message: expect.stringContaining("contextual_tuples[0]"),
  });
  const { error } = await write({ address: "secret-place" });
  expect(error?.message).toContain("secret-place");
  // The log names the parameter and keeps the value to itself.
  const lines = server.logLines().filter(({ reason }) => reason === "INVALID_CAVEAT_CONTEXT");
  expect(lines.at(-1)).toMatchObject({ metadata: { caveat: "on_network", parameter: "address" } });
  expect(server.logText()).not.toContain("secret-place");
});

test("an error names a tuple by its key: a long context would not fit the trailers of gRPC", async () => {
  const { slug } = await server.createTenant();
  const client = server.client(slug);
  await client.schemas.write({ text: SCHEMA });
  const long = tuple(`document:1#viewer@user:bob[shaped:{"wanted":"${"x".repeat(24_000)}"}]`);
  const create = () => client.tuples.write({ updates: [{ operation: TupleUpdate_Operation.CREATE, tuple: long }] });
  await create();
  const named = { metadata: { tuple: "document:1#viewer@user:bob" } };
  await expect(create()).rejects.toMatchObject({ reason: "TUPLE_ALREADY_EXISTS", ...named });
  const text = SCHEMA.replace("user with shaped | ", "");
  await expect(client.schemas.write({ text })).rejects.toMatchObject({ reason: "SCHEMA_STRANDS_TUPLES", ...named });
  expect(server.logText()).not.toContain("xxxx");
});
