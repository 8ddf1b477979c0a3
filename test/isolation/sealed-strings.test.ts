import { create, type DescMessage, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RelataClient } from "../../src/client/relata-client.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { callRaw } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";

/** Tokens and cursors travel through clients. Whatever is wrong with one, the refusal must not tell what. */
const METHODS = API_SERVICES.flatMap((service): readonly DescMethod[] => service.methods);
const has = (name: string) => (method: DescMethod) => method.input.fields.some((field) => field.name === name);
const WITH_CURSOR = METHODS.filter(has("cursor"));
const WITH_CONSISTENCY = METHODS.filter(has("consistency"));

const { object, permission, subject } = wireQuestion("document:1#view@user:sue");

/** A request of each method that both tenants could make. */
const REQUESTS: Readonly<Record<string, object>> = {
  Check: { object, permission, subject },
  BatchCheck: { items: [{ object, permission, subject }] },
  LookupResources: { objectType: "document", permission, subject },
  LookupSubjects: { object, permission, subjectType: "user" },
  Expand: { object, permission },
  Read: { filter: { objectType: "document" } },
  Export: {},
};

interface Sealed {
  readonly token: string;
  /** By method. */
  readonly cursors: Readonly<Record<string, string>>;
}

let server: TestServer;
let north: Sealed;
let south: Sealed;

beforeAll(async () => {
  server = await startTestServer();
  [north, south] = [await seed("north"), await seed("south")];
});
afterAll(() => server.close());

async function seed(slug: string): Promise<Sealed> {
  await server.createTenant(slug);
  const client = server.client(slug);
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  const ids = ["1", "2"].flatMap((id) => ["sue", "tom"].map((user) => `+document:${id}#viewer@user:${user}`));
  const token = await writeTuples(client, ...ids);
  return { token, cursors: await cursorsOf(client, { requirement: { case: "atLeastAsFresh", value: token } }) };
}

async function cursorsOf(
  client: RelataClient,
  consistency: { readonly requirement: { readonly case: "atLeastAsFresh"; readonly value: string } },
): Promise<Sealed["cursors"]> {
  const first = async (answers: AsyncIterable<{ readonly cursor: string }>) => {
    for await (const { cursor } of answers) return cursor;
    return "";
  };
  const { authorization, tuples } = client;
  const ask = (method: string) => ({ ...REQUESTS[method], consistency, limit: 1 });
  return {
    LookupResources: await first(authorization.lookupResources(ask("LookupResources"))),
    LookupSubjects: await first(authorization.lookupSubjects(ask("LookupSubjects"))),
    Expand: (await authorization.expand(ask("Expand"))).cursor,
    Read: await first(tuples.read(ask("Read"))),
    Export: await first(tuples.export({ consistency })),
  };
}

/** What north gets for a request, byte for byte as far as a caller can see. */
async function seenByNorth(method: DescMethod, more: object) {
  const message: Message = create(method.input, { ...REQUESTS[method.name], ...more });
  const headers = { authorization: server.issuer.bearer({ tenant: "north" }), "x-request-id": "same" };
  const bytes = toBinary(method.input as DescMessage, message);
  const { error } = await callRaw(server.grpcAddress, `${method.parent.typeName}/${method.name}`, bytes, headers);
  return error;
}

test("every method with a cursor or a consistency is in the table", () => {
  const named = [...new Set([...WITH_CURSOR, ...WITH_CONSISTENCY].map(({ name }) => name))];
  expect(named.toSorted()).toEqual(Object.keys(REQUESTS).toSorted());
  expect(WITH_CURSOR.map(({ name }) => name).toSorted()).toEqual(Object.keys(north.cursors).toSorted());
  expect(Object.values(north.cursors)).not.toContain("");
});

describe.each(WITH_CURSOR.map((method) => [method.name, method] as const))("a cursor for %s", (name, method) => {
  test("of another tenant, of another method, made up or cut: the same refusal", async () => {
    const own = north.cursors[name] ?? "";
    const others = Object.entries(north.cursors).flatMap(([method, cursor]) => (method === name ? [] : cursor));
    const bad = [
      ...Object.values(south.cursors),
      ...others,
      "made-up",
      own.slice(0, -2),
      own.toUpperCase(),
      north.token,
    ];
    const refusals = new Set<string>();
    for (const cursor of bad) refusals.add(JSON.stringify(await seenByNorth(method, { cursor })));
    expect(refusals.size).toBe(1);
    expect([...refusals][0]).toContain("INVALID_CURSOR");
  });

  test("of one's own works, with its question and without a consistency only", async () => {
    const cursor = north.cursors[name] ?? "";
    expect(await seenByNorth(method, { cursor, limit: 1 })).toBeUndefined();
    const consistency = { requirement: { case: "fullyConsistent", value: true } };
    expect(await seenByNorth(method, { cursor, consistency })).toMatchObject({
      reason: "INVALID_REQUEST",
      metadata: { field: "consistency" },
    });
    // An Export asks for everything: there is no other question to take its cursor to.
    if (name === "Export") return;
    const question = name === "Read" ? { filter: {} } : { permission: "viewer" };
    expect(await seenByNorth(method, { cursor, ...question })).toMatchObject({
      reason: "INVALID_CURSOR",
      metadata: { field: "cursor" },
    });
  });
});

test.each(WITH_CONSISTENCY.map((method) => [method.name, method] as const))(
  "a token for %s, of another tenant, made up, cut or a cursor: the same refusal",
  async (_name, method) => {
    const bad = [south.token, "made-up", north.token.slice(0, -2), ...Object.values(north.cursors)];
    for (const mode of ["atLeastAsFresh", "atExactSnapshot"]) {
      const refusals = new Set<string>();
      for (const value of bad) {
        const consistency = { requirement: { case: mode, value } };
        refusals.add(JSON.stringify(await seenByNorth(method, { consistency })));
      }
      expect(refusals.size).toBe(1);
      expect([...refusals][0]).toContain("INVALID_TOKEN");
      const own = { requirement: { case: mode, value: north.token } };
      expect(await seenByNorth(method, { consistency: own, limit: 1 })).toBeUndefined();
    }
  },
);
