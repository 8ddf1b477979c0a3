import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RelataClient } from "../../src/client/relata-client.ts";
import { AuditService } from "../../src/gen/relata/v1/audit_service_pb.ts";
import { AuthorizationService, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { ClientService } from "../../src/gen/relata/v1/client_service_pb.ts";
import { Precondition_Expect } from "../../src/gen/relata/v1/core_pb.ts";
import { CredentialService } from "../../src/gen/relata/v1/credential_service_pb.ts";
import { SchemaService } from "../../src/gen/relata/v1/schema_service_pb.ts";
import { Placement, TenantService } from "../../src/gen/relata/v1/tenant_service_pb.ts";
import { TupleService } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { collect } from "../support/collect.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, wireUpdate, writeTuples } from "../support/server-seed.ts";
import { TRANSPORTS, type TransportName } from "../support/server-transports.ts";
import { tokenService } from "../token-service/world.ts";
import {
  CREDENTIAL_PROBES,
  type CredentialHandles,
  seedCredentials,
  snapshotCredentials,
} from "./credential-probes.ts";
import { reasonOf } from "./reason-of.ts";

/** Everything of the other tenant that a caller could have come by. */
interface Handles extends CredentialHandles {
  readonly tenantId: string;
  readonly slug: string;
  readonly token: string;
  readonly cursor: string;
  /** All used in south; those used in north too are taken out. */
  readonly idempotencyKeys: string[];
  readonly schemaVersion: number;
}

function clientsOf(name: TransportName, authorization: string) {
  const transport = TRANSPORTS[name](server, { authorization });
  return {
    authorization: createClient(AuthorizationService, transport),
    tuples: createClient(TupleService, transport),
    schemas: createClient(SchemaService, transport),
    tenants: createClient(TenantService, transport),
    credentials: createClient(CredentialService, transport),
    clients: createClient(ClientService, transport),
    audit: createClient(AuditService, transport),
  };
}
type Clients = ReturnType<typeof clientsOf>;

async function readAll(
  call: AsyncIterable<{ readonly tuple?: { readonly object?: { readonly id: string } | undefined } | undefined }>,
) {
  const ids: string[] = [];
  for await (const { tuple } of call) ids.push(tuple?.object?.id ?? "");
  return ids;
}

async function lookedUp(answers: AsyncIterable<{ readonly objectId: string } | { readonly subjectId: string }>) {
  const ids: string[] = [];
  for await (const answer of answers) ids.push("objectId" in answer ? answer.objectId : answer.subjectId);
  return ids;
}

const FULL = { requirement: { case: "fullyConsistent" as const, value: true } };
const tokenModes = (token: string) => [
  { requirement: { case: "atLeastAsFresh" as const, value: token } },
  { requirement: { case: "atExactSnapshot" as const, value: token } },
];

/** For each method: called by north with what belongs to south. Nothing of south may come back or change. */
const PROBES: Readonly<Record<string, (north: Clients, south: Handles) => Promise<void>>> = {
  ...CREDENTIAL_PROBES,
  "relata.v1.AuthorizationService/Check": async (north, { token }) => {
    for (const consistency of tokenModes(token))
      expect(
        await reasonOf(north.authorization.check({ ...wireQuestion("document:1#view@user:sue"), consistency })),
      ).toBe("INVALID_TOKEN");
    const { decision } = await north.authorization.check({
      ...wireQuestion("document:1#view@user:sue"),
      consistency: FULL,
    });
    expect(decision).toBe(Decision.DENIED);
  },
  "relata.v1.AuthorizationService/BatchCheck": async (north, { token }) => {
    const items = ["document:1#view@user:sue", "document:secret#view@user:sue", "document:1#view@user:nora"].map(
      wireQuestion,
    );
    for (const consistency of tokenModes(token))
      expect(await reasonOf(north.authorization.batchCheck({ items, consistency }))).toBe("INVALID_TOKEN");
    const { results } = await north.authorization.batchCheck({ items, consistency: FULL });
    expect(results.map(({ result }) => result.case === "answer" && result.value.decision)).toEqual([
      Decision.DENIED,
      Decision.DENIED,
      Decision.ALLOWED,
    ]);
  },
  "relata.v1.AuthorizationService/LookupResources": async (north, { token }) => {
    const question = { objectType: "document", permission: "view", subject: wireQuestion("a:1#b@user:sue").subject };
    const ask = (more: object) => lookedUp(north.authorization.lookupResources({ ...question, ...more }));
    expect(await ask({ consistency: FULL })).toEqual([]);
    expect(await ask({ consistency: FULL, candidateIds: ["1", "secret"] })).toEqual([]);
    for (const consistency of tokenModes(token)) expect(await reasonOf(ask({ consistency }))).toBe("INVALID_TOKEN");
  },
  "relata.v1.AuthorizationService/LookupSubjects": async (north, { token }) => {
    const object = { type: "document", id: "1" };
    const question = { object, permission: "view", subjectType: "user" };
    const ask = (more: object) => lookedUp(north.authorization.lookupSubjects({ ...question, ...more }));
    expect(await ask({ consistency: FULL })).toEqual(["nora"]);
    expect(await ask({ consistency: FULL, object: { ...object, id: "secret" } })).toEqual([]);
    expect(await ask({ consistency: FULL, candidateIds: ["sue"] })).toEqual([]);
    for (const consistency of tokenModes(token)) expect(await reasonOf(ask({ consistency }))).toBe("INVALID_TOKEN");
  },
  "relata.v1.AuthorizationService/Expand": async (north, { token }) => {
    const ask = (id: string, more: object) =>
      north.authorization.expand({ object: { type: "document", id }, permission: "view", ...more });
    for (const [id, subjects] of [
      ["1", ["nora"]],
      ["secret", []],
    ] as const) {
      const { nodes } = await ask(id, { consistency: FULL });
      expect(nodes.flatMap(({ tuple }) => tuple?.subject?.object?.id ?? [])).toEqual(subjects);
    }
    for (const consistency of tokenModes(token))
      expect(await reasonOf(ask("1", { consistency }))).toBe("INVALID_TOKEN");
  },
  "relata.v1.TupleService/Write": async (north, { idempotencyKeys }) => {
    const idempotencyKey = idempotencyKeys.shift() ?? "";
    const updates = [
      "~document:1#viewer@user:mallory",
      "-document:1#viewer@user:sue",
      "-document:secret#viewer@user:sue",
    ];
    const answer = await north.tuples.write({ updates: updates.map(wireUpdate), idempotencyKey });
    // South's key is another key here: the write happened, in north.
    expect(answer.replayed).toBe(false);
    const preconditions = [
      { expect: Precondition_Expect.MUST_MATCH, filter: { objectType: "document", objectId: "secret" } },
    ];
    expect(await reasonOf(north.tuples.write({ updates: updates.map(wireUpdate), preconditions }))).toBe(
      "PRECONDITION_FAILED",
    );
  },
  "relata.v1.TupleService/Delete": async (north, { idempotencyKeys }) => {
    const idempotencyKey = idempotencyKeys.shift() ?? "";
    const filter = { objectType: "document", objectId: "secret" };
    expect(await north.tuples.delete({ filter })).toMatchObject({ deleted: 0n, complete: true });
    const deleted = await reasonOf(north.tuples.delete({ filter, idempotencyKey }));
    expect(deleted).toBe("answered");
  },
  "relata.v1.TupleService/Read": async (north, { token, cursor }) => {
    expect(
      await readAll(north.tuples.read({ filter: { objectType: "document", objectId: "secret" }, consistency: FULL })),
    ).toEqual([]);
    expect(await readAll(north.tuples.read({ consistency: FULL }))).not.toContain("secret");
    expect(await reasonOf(readAll(north.tuples.read({ filter: { objectType: "document" }, cursor })))).toBe(
      "INVALID_CURSOR",
    );
    for (const consistency of tokenModes(token))
      expect(await reasonOf(readAll(north.tuples.read({ consistency })))).toBe("INVALID_TOKEN");
  },
  "relata.v1.TupleService/Export": async (north, { token, cursor }) => {
    const exported = await collect(north.tuples.export({}));
    expect(exported.flatMap(({ tuples }) => tuples.map(({ object }) => object?.id))).toEqual(["1", "2"]);
    expect(await reasonOf(collect(north.tuples.export({ cursor })))).toBe("INVALID_CURSOR");
    for (const consistency of tokenModes(token))
      expect(await reasonOf(collect(north.tuples.export({ consistency })))).toBe("INVALID_TOKEN");
  },
  "relata.v1.SchemaService/Write": async (north, { schemaVersion }) => {
    const text = `${DOCUMENTS_SCHEMA}definition extra {}\n`;
    expect(await reasonOf(north.schemas.write({ text, expectedVersion: schemaVersion }))).toBe("SCHEMA_CHANGED");
    expect(await reasonOf(north.schemas.write({ text }))).toBe("answered");
  },
  "relata.v1.SchemaService/Read": async (north, { schemaVersion, slug }) => {
    expect(await reasonOf(north.schemas.read({ version: schemaVersion }))).toBe("SCHEMA_NOT_FOUND");
    expect((await north.schemas.read({})).name).not.toBe(slug);
  },
  "relata.v1.SchemaService/Validate": async (north) => {
    expect(await north.schemas.validate({ text: "definition a { relation b: only_in_south }" })).toMatchObject({
      valid: false,
    });
  },
  "relata.v1.SchemaService/Diff": async (north) => {
    // Removing a relation that only south holds tuples of strands nothing in north.
    const text = DOCUMENTS_SCHEMA.replace("  relation banned: user\n", "").replace(" - banned", "");
    const { changes } = await north.schemas.diff({ text });
    expect(changes.find(({ kind }) => kind === "relation-removed")).toMatchObject({ exampleTuple: "" });
  },
  "relata.v1.TenantService/Create": async (north, { slug }) => {
    expect(await reasonOf(north.tenants.create({ slug }))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/Get": async (north, { slug, tenantId }) => {
    expect(await reasonOf(north.tenants.get({ by: { case: "slug", value: slug } }))).toBe("PERMISSION_DENIED");
    expect(await reasonOf(north.tenants.get({ by: { case: "id", value: tenantId } }))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/List": async (north) => {
    expect(await reasonOf(north.tenants.list({}))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/Suspend": async (north, { slug }) => {
    expect(await reasonOf(north.tenants.suspend({ slug }))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/Resume": async (north, { slug }) => {
    expect(await reasonOf(north.tenants.resume({ slug }))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/Move": async (north, { slug }) => {
    expect(await reasonOf(north.tenants.move({ slug, placement: Placement.OWN }))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/Delete": async (north, { slug }) => {
    expect(await reasonOf(north.tenants.delete({ slug, confirmSlug: slug }))).toBe("PERMISSION_DENIED");
  },
  "relata.v1.TenantService/Usage": async (north, { slug }) => {
    expect(await reasonOf(north.tenants.usage({ slug }))).toBe("PERMISSION_DENIED");
  },
};

let server: TestServer;
let southHandles: Handles;
let southClients: Clients;
beforeAll(async () => {
  server = await startTestServer({ config: { tokenService: tokenService() } });
  southHandles = await seedSouth();
  await server.createTenant("north");
  await server.client("north").schemas.write({ text: DOCUMENTS_SCHEMA });
});
beforeEach(async () => {
  await server.client("north").tuples.delete({ filter: { objectType: "document" } });
  await writeTuples(server.client("north"), "+document:1#viewer@user:nora", "+document:2#viewer@user:nora");
});
afterAll(() => server.close());

async function seedSouth(): Promise<Handles> {
  const { id } = await server.createTenant("south");
  const south = server.client("south");
  for (const extra of ["", "definition only_in_south {}\n", "definition more {}\ndefinition only_in_south {}\n"])
    await south.schemas.write({ text: DOCUMENTS_SCHEMA + extra });
  const updates = ["document:1#viewer@user:sue", "document:1#banned@user:nora", "document:secret#viewer@user:sue"];
  const token = await writeTuples(south, ...updates.map((text) => `+${text}`));
  const idempotencyKeys = ["k1", "k2", "k3", "k4"];
  for (const idempotencyKey of idempotencyKeys)
    await south.tuples.write({ updates: [wireUpdate("~document:1#viewer@user:sue")], idempotencyKey });
  southClients = clientsOf("gRPC on the gRPC port", server.issuer.bearer({ tenant: "south" }));
  const credentials = await seedCredentials(southClients, server.issuer.issuer);
  for await (const { cursor } of south.tuples.read({ filter: { objectType: "document" }, limit: 1, consistency: FULL }))
    return { ...credentials, tenantId: id, slug: "south", token, cursor, idempotencyKeys, schemaVersion: 3 };
  throw new Error("south has no tuples");
}

/** Everything that is to be known of a tenant. */
async function snapshot(client: RelataClient) {
  const tuples: string[] = [];
  for await (const { tuple } of client.tuples.read({ consistency: FULL }))
    tuples.push(
      formatTuple({
        objectType: tuple?.object?.type ?? "",
        objectId: tuple?.object?.id ?? "",
        relation: tuple?.relation ?? "",
        subjectType: tuple?.subject?.object?.type ?? "",
        subjectId: tuple?.subject?.object?.id ?? "",
        subjectRelation: tuple?.subject?.relation ?? "",
      }),
    );
  const { text, version, name, consistencyToken } = await client.schemas.read({});
  return { tuples, text, version, name, consistencyToken, ...(await snapshotCredentials(southClients)) };
}

test("every method of the API has a probe", () => {
  const methods = API_SERVICES.flatMap((service) => service.methods.map(({ name }) => `${service.typeName}/${name}`));
  expect(Object.keys(PROBES).toSorted()).toEqual(methods.toSorted());
});

describe.each(["gRPC on the gRPC port", "Connect with JSON over HTTP/1.1"] as const)("%s", (name) => {
  test.each(Object.entries(PROBES))(
    "%s: nothing of the other tenant comes back, and nothing of it changes",
    async (_method, probe) => {
      const south = server.client("south");
      const before = await snapshot(south);
      await probe(clientsOf(name, server.issuer.bearer({ tenant: "north" })), southHandles);
      // The token holds the revision: not one was made.
      expect(await snapshot(south)).toEqual(before);
      expect(before.tuples).toHaveLength(3);
    },
  );
});

test("the probes bite: with south's own credential its handles work", async () => {
  const south = clientsOf("gRPC on the gRPC port", server.issuer.bearer({ tenant: "south" }));
  for (const consistency of tokenModes(southHandles.token)) {
    const { decision } = await south.authorization.check({ ...wireQuestion("document:1#view@user:sue"), consistency });
    expect(decision).toBe(Decision.ALLOWED);
  }
  expect(await readAll(south.tuples.read({ filter: { objectType: "document" }, cursor: southHandles.cursor }))).toEqual(
    ["1", "secret"],
  );
  expect((await south.schemas.read({ version: southHandles.schemaVersion })).name).toBe("south");
});
