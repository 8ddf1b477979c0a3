import { type Client, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { methodAccess } from "../../src/auth/scope.ts";
import { AuditService } from "../../src/gen/relata/v1/audit_service_pb.ts";
import { AuthorizationService, Decision, TreeNode_Kind } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { ClientService } from "../../src/gen/relata/v1/client_service_pb.ts";
import { CredentialService } from "../../src/gen/relata/v1/credential_service_pb.ts";
import { SchemaService } from "../../src/gen/relata/v1/schema_service_pb.ts";
import { Placement, TenantJob_Stage, TenantService, TenantState } from "../../src/gen/relata/v1/tenant_service_pb.ts";
import { TupleService } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { collect } from "../support/collect.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, wireUpdate } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";
import { tokenService } from "../token-service/world.ts";
import { CREDENTIAL_STEPS, type CredentialClients } from "./credential-steps.ts";

interface Clients extends CredentialClients {
  readonly authorization: Client<typeof AuthorizationService>;
  readonly tuples: Client<typeof TupleService>;
  readonly schemas: Client<typeof SchemaService>;
  readonly tenants: Client<typeof TenantService>;
}

/** A walk through the whole API: each step calls one method, in an order in which each can work. */
const STEPS: readonly (readonly [procedure: string, step: (clients: Clients) => Promise<void>])[] = [
  [
    "relata.v1.TenantService/Create",
    async ({ tenants, slug }) => {
      const { tenant } = await tenants.create({ slug });
      expect(tenant).toMatchObject({ slug, schemaName: slug });
    },
  ],
  [
    "relata.v1.TenantService/Get",
    async ({ tenants, slug }) => {
      const { tenant } = await tenants.get({ by: { case: "slug", value: slug } });
      expect((await tenants.get({ by: { case: "id", value: tenant?.id ?? "" } })).tenant).toEqual(tenant);
    },
  ],
  [
    "relata.v1.TenantService/List",
    async ({ tenants, slug }) => {
      const { tenants: found } = await tenants.list({ pageSize: 1000 });
      expect(found.map((tenant) => tenant.slug)).toContain(slug);
    },
  ],
  [
    "relata.v1.SchemaService/Validate",
    async ({ schemas }) => {
      expect(await schemas.validate({ text: DOCUMENTS_SCHEMA })).toMatchObject({ valid: true });
      const bad = await schemas.validate({ text: "definition a { relation b: c }" });
      expect(bad).toMatchObject({ valid: false, diagnostics: [{ line: 1, code: "unknown-definition" }] });
      expect(bad.rendered).toContain("^");
    },
  ],
  [
    "relata.v1.SchemaService/Write",
    async ({ schemas }) => {
      expect(await schemas.write({ text: DOCUMENTS_SCHEMA, expectedVersion: 0 })).toMatchObject({ version: 1 });
    },
  ],
  [
    "relata.v1.SchemaService/Read",
    async ({ schemas, slug }) => {
      expect(await schemas.read({})).toMatchObject({ text: DOCUMENTS_SCHEMA, version: 1, name: slug });
    },
  ],
  [
    "relata.v1.TupleService/Write",
    async ({ tuples }) => {
      const updates = ["+document:1#viewer@user:anne", "+document:1#viewer@user:bob", "+document:1#banned@user:bob"];
      const answer = await tuples.write({ updates: updates.map(wireUpdate), metadata: { ticket: "AB-1" } });
      expect(answer.replayed).toBe(false);
    },
  ],
  [
    "relata.v1.SchemaService/Diff",
    async ({ schemas }) => {
      const text = DOCUMENTS_SCHEMA.replace("  relation banned: user\n", "").replace(" - banned", "");
      const { changes, currentVersion } = await schemas.diff({ text });
      expect(currentVersion).toBe(1);
      const removed = changes.find(({ kind }) => kind === "relation-removed");
      expect(removed).toMatchObject({ breaking: true, exampleTuple: "document:1#banned@user:bob" });
    },
  ],
  [
    "relata.v1.AuthorizationService/Check",
    async ({ authorization }) => {
      const consistency = { requirement: { case: "fullyConsistent" as const, value: true } };
      const anne = await authorization.check({ ...wireQuestion("document:1#view@user:anne"), consistency });
      expect(anne.decision).toBe(Decision.ALLOWED);
      const bob = await authorization.check({ ...wireQuestion("document:1#view@user:bob"), consistency });
      expect(bob.decision).toBe(Decision.DENIED);
      const { tuple } = wireUpdate("~document:1#viewer@user:zoe");
      const contextualTuples = tuple === undefined ? [] : [tuple];
      const zoe = await authorization.check({ ...wireQuestion("document:1#view@user:zoe"), contextualTuples });
      expect(zoe.decision).toBe(Decision.ALLOWED);
    },
  ],
  [
    "relata.v1.AuthorizationService/BatchCheck",
    async ({ authorization }) => {
      const items = ["document:1#view@user:anne", "document:1#edit@user:anne", "document:1#view@user:bob"];
      const { results } = await authorization.batchCheck({
        items: items.map(wireQuestion),
        consistency: { requirement: { case: "fullyConsistent", value: true } },
      });
      expect(results.map(({ result }) => result)).toMatchObject([
        { case: "answer", value: { decision: Decision.ALLOWED } },
        { case: "error", value: { code: 9, reason: "UNKNOWN_RELATION_OR_PERMISSION" } },
        { case: "answer", value: { decision: Decision.DENIED } },
      ]);
    },
  ],
  [
    "relata.v1.AuthorizationService/LookupResources",
    async ({ authorization }) => {
      const question = {
        objectType: "document",
        permission: "view",
        subject: { object: { type: "user", id: "anne" } },
      };
      const found = await collect(authorization.lookupResources(question));
      expect(found).toMatchObject([{ objectId: "1", decision: Decision.ALLOWED, missingContext: [] }]);
      const cursor = found[0]?.cursor ?? "";
      expect(await collect(authorization.lookupResources({ ...question, cursor }))).toEqual([]);
      const counted = await collect(authorization.lookupResources({ ...question, countOnly: true }));
      expect(counted).toMatchObject([{ objectId: "", cursor: "", count: { allowed: 1n, capped: false } }]);
    },
  ],
  [
    "relata.v1.AuthorizationService/LookupSubjects",
    async ({ authorization }) => {
      const question = { object: { type: "document", id: "1" }, permission: "viewer", subjectType: "user" };
      const found = await collect(authorization.lookupSubjects({ ...question, limit: 1 }));
      expect(found).toMatchObject([{ subjectId: "anne", decision: Decision.ALLOWED }]);
      const cursor = found[0]?.cursor ?? "";
      const rest = await collect(authorization.lookupSubjects({ ...question, cursor }));
      expect(rest.map(({ subjectId }) => subjectId)).toEqual(["bob"]);
      const among = { ...question, candidateIds: ["bob", "zoe"], countOnly: true };
      expect((await collect(authorization.lookupSubjects(among)))[0]?.count).toMatchObject({ allowed: 1n });
    },
  ],
  [
    "relata.v1.AuthorizationService/Expand",
    async ({ authorization }) => {
      const { object, permission } = wireQuestion("document:1#view@user:anne");
      const { nodes, cursor } = await authorization.expand({ object, permission, limit: 2 });
      expect(nodes[0]).toMatchObject({ kind: TreeNode_Kind.MEMBER, member: "view", object });
      const rest = await authorization.expand({ object, permission, cursor });
      expect(rest.firstIndex).toBe(2);
      const tuples = rest.nodes.filter(({ kind }) => kind === TreeNode_Kind.TUPLE);
      expect(tuples.map(({ tuple }) => tuple?.subject?.object?.id)).toEqual(["anne", "bob", "bob"]);
      expect(rest.cursor).toBe("");
    },
  ],
  [
    "relata.v1.TupleService/Read",
    async ({ tuples }) => {
      const seen: string[] = [];
      for await (const { tuple } of tuples.read({ filter: { objectType: "document" } }))
        seen.push(`${tuple?.relation}@${tuple?.subject?.object?.id}`);
      expect(seen).toEqual(["banned@bob", "viewer@anne", "viewer@bob"]);
    },
  ],
  [
    "relata.v1.TupleService/Export",
    async ({ tuples }) => {
      const pages = await collect(tuples.export({}));
      expect(pages).toMatchObject([{ schemaVersion: 1 }]);
      const all = pages.flatMap((page) => page.tuples);
      expect(all.map(({ relation, subject }) => `${relation}@${subject?.object?.id}`)).toEqual([
        "banned@bob",
        "viewer@anne",
        "viewer@bob",
      ]);
      const rest = await collect(tuples.export({ cursor: pages[0]?.cursor ?? "" }));
      expect(rest.flatMap((page) => page.tuples)).toEqual([]);
    },
  ],
  [
    "relata.v1.TupleService/Delete",
    async ({ tuples }) => {
      const answer = await tuples.delete({ filter: { objectType: "document", relation: "banned" } });
      expect(answer).toMatchObject({ deleted: 1n, complete: true });
    },
  ],
  ...CREDENTIAL_STEPS,
  [
    "relata.v1.TenantService/Suspend",
    async ({ tenants, slug }) => {
      expect((await tenants.suspend({ slug })).tenant?.state).toBe(TenantState.SUSPENDED);
    },
  ],
  [
    "relata.v1.TenantService/Resume",
    async ({ tenants, slug }) => {
      expect((await tenants.resume({ slug })).tenant?.state).toBe(TenantState.ACTIVE);
    },
  ],
  [
    "relata.v1.TenantService/Move",
    async ({ tenants, slug }) => {
      const { tenant, job } = await tenants.move({ slug, placement: Placement.SHARED });
      expect({ placement: tenant?.placement, job }).toEqual({ placement: Placement.SHARED, job: undefined });
    },
  ],
  [
    "relata.v1.TenantService/Usage",
    async ({ tenants, slug }) => {
      expect(await tenants.usage({ slug })).toMatchObject({ tuples: 2n, tuplesCounted: true, schemaVersions: 1 });
    },
  ],
  [
    "relata.v1.TenantService/Delete",
    async ({ tenants, slug }) => {
      const { tenant, job } = await tenants.delete({ slug, confirmSlug: slug });
      expect(tenant?.state).toBe(TenantState.OFFBOARDING);
      expect(job?.stage).toBe(TenantJob_Stage.REFUSE);
    },
  ],
];

const IN_TENANT = STEPS.filter(([procedure]) => methodAccess(procedure)?.kind !== "platform").map(([name]) => name);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: { maxStalenessMs: 0, tokenService: tokenService() } });
});
afterAll(() => server.close());

test("the walk below calls every method of the API", () => {
  const methods = API_SERVICES.flatMap((service) => service.methods.map(({ name }) => `${service.typeName}/${name}`));
  expect(STEPS.map(([procedure]) => procedure).toSorted()).toEqual(methods.toSorted());
});

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  test("every method answers", async () => {
    const slug = `walk-${TRANSPORT_NAMES.indexOf(name)}`;
    const tenant = TRANSPORTS[name](server, { authorization: server.issuer.bearer({ tenant: slug }) });
    const operator = server.issuer.bearer({ sub: "operator", tenant: undefined });
    const platform = TRANSPORTS[name](server, { authorization: operator });
    const clients: Clients = {
      slug,
      authorization: createClient(AuthorizationService, tenant),
      tuples: createClient(TupleService, tenant),
      schemas: createClient(SchemaService, tenant),
      tenants: createClient(TenantService, platform),
      issuer: server.issuer.issuer,
      credentials: createClient(CredentialService, tenant),
      clients: createClient(ClientService, tenant),
      audit: createClient(AuditService, tenant),
      platform: {
        credentials: createClient(CredentialService, platform),
        clients: createClient(ClientService, platform),
        audit: createClient(AuditService, platform),
      },
    };
    for (const [, step] of STEPS) await step(clients);
    const lines = server.logLines().filter((line) => line["tenant"] === slug);
    expect(lines.every((line) => line["code"] === "ok")).toBe(true);
    expect([...new Set(lines.map((line) => line["method"]))].toSorted()).toEqual(IN_TENANT.toSorted());
  });
});
