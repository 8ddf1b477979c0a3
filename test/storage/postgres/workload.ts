import type { Need, ObjectScan, SubjectScan } from "../../../src/model/need.ts";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Store } from "../../../src/model/store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { TupleFilter, TupleKey } from "../../../src/model/tuple.ts";
import { draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { runLife } from "./workload-life.ts";
import { runTokenService } from "./workload-token-service.ts";
import { runTrust } from "./workload-trust.ts";

/** The tuple that everything asks about. */
const SEEN: TupleKey = {
  objectType: "document",
  objectId: "d7",
  relation: "viewer",
  subjectType: "user",
  subjectId: "u7",
  subjectRelation: "",
};

/** Every filter there is, by which fields are set. */
const FILTERS: readonly TupleFilter[] = Array.from({ length: 64 }, (_, shape) =>
  Object.fromEntries(Object.entries(SEEN).filter((_field, index) => (shape >> index) & 1)),
);

const NEEDS: readonly Need[] = [
  { kind: "exact", ...SEEN },
  { kind: "usersets", objectType: "document", objectId: "d7", relation: "viewer" },
  { kind: "objects", objectType: "document", objectId: "d7", relation: "parent", subjectTypes: ["folder"] },
];

/** The shapes of scans, from the beginning and from a place on. */
const SUBJECT_SCANS: readonly SubjectScan[] = [
  { objectType: "document", objectId: "d7", relation: "viewer" },
  { objectType: "document", objectId: "d7", relation: "viewer", subjectType: "user" },
  { objectType: "document", objectId: "d7", relation: "viewer", subjectType: "user", subjectRelation: "" },
  { objectType: "group", objectId: "everyone", relation: "member", subjectType: "group", subjectRelation: "member" },
].flatMap((scan) => [scan, { ...scan, after: { ...SEEN, subjectType: scan.subjectType ?? "user" } }]);
const OBJECT_SCANS: readonly ObjectScan[] = [
  { subjectType: "user", subjectId: "u7", objectType: "document", relation: "viewer" },
  { subjectType: "user", subjectId: "u7", subjectRelation: "", objectType: "document", relation: "viewer" },
].flatMap((scan) => [scan, { ...scan, after: SEEN }]);

/** Calls every method in every variant, so that every statement the store has is sent at least once. */
export async function runEveryStatement(store: ServingStore, tenant: Tenant): Promise<void> {
  // First: of statements that are sent again, the measured tenant's are the last.
  await runLife(store, tenant);
  await store.tenants.bySlug(tenant.slug);
  await store.tenants.byId(tenant.id);
  await store.tenants.list({ limit: 10 });
  await store.tenants.create({ slug: `${tenant.slug}-${Date.now()}` }, ORIGIN);
  const { schemaVersion } = await store.revisions.head(tenant);
  const present = ["touch document:d7#viewer@user:u7", "touch document:d8#viewer@user:u8"];
  await store.tuples.write(tenant, draft(present, { schemaVersion }));
  const head = await store.revisions.head(tenant);
  const { revision } = (await store.revisions.at(tenant, head.revision)) ?? head;
  for (const filter of FILTERS) {
    await store.tuples.page(tenant, { revision, nowMs: NOW_MS, filter, limit: 10 });
    await store.tuples.page(tenant, { revision, nowMs: NOW_MS, filter, limit: 10, after: SEEN });
    // Refused by its precondition, so that nothing is deleted.
    await store.tuples
      .deleteMatching(tenant, {
        filter,
        preconditions: [{ expect: "must_not_match", filter: {} }],
        limit: 1,
        allowPartial: true,
        nowMs: NOW_MS,
        origin: ORIGIN,
      })
      .catch(ignoreRefusal);
  }
  for (let kinds = 1; kinds < 8; kinds += 1) {
    await store.tuples.source(tenant, revision).read(
      NEEDS.filter((_, index) => (kinds >> index) & 1),
      100,
    );
  }
  await store.tuples.source(tenant, revision).scanSubjects(SUBJECT_SCANS, 10);
  await store.tuples.source(tenant, revision).scanObjects(OBJECT_SCANS, 10);
  await store.tuples.write(
    tenant,
    draft(
      ["create document:new#viewer@user:new", "touch document:d7#viewer@user:u7", "delete document:d8#viewer@user:u8"],
      {
        preconditions: FILTERS.map((filter) => ({ expect: "must_match", filter })),
        schemaVersion: head.schemaVersion,
        idempotency: { key: `k${Date.now()}`, requestHash: "h" },
      },
    ),
  );
  await store.schemas.write(tenant, {
    text: "definition user {}",
    expectedVersion: head.schemaVersion,
    strands: FILTERS.map((filter) => ({ filter, caveat: "none-has-it", message: "no" })),
    origin: ORIGIN,
  });
  await store.schemas.read(tenant, head.schemaVersion + 1);
  await runChanges(store, tenant);
  await runTrust(store.trust, tenant);
  await runTokenService(store.tokenService, tenant);
  await runAudit(store, tenant);
  await store.ping();
}

async function runAudit({ audit }: ServingStore, tenant: Tenant): Promise<void> {
  await audit.append(tenant.id, [{ event: "tenant.refused", origin: ORIGIN, details: {} }]);
  await audit.head(tenant.id);
  await audit.checkpoint(tenant.id);
  await audit.position(tenant.id, 1);
  await audit.erasures(tenant.id, { recordedAtMs: 0, seq: 0 });
  for (const oldestFirst of [true, false])
    await audit.page(tenant.id, { filter: { events: ["tenant.refused"] }, oldestFirst, limit: 10 });
  const decision = { method: "Check", actor: "a", requestId: "r", object: "document:d7", permission: "view" };
  const rest = { subject: "user:u7", outcome: "denied", revision: 1, decidedAtMs: Date.now(), number: 1 };
  await audit.logDecisions(tenant.id, [{ ...decision, ...rest }]);
  await audit.decisions(tenant.id, { limit: 10 });
  await audit.preparePartitions();
}

async function runChanges({ changes }: Store, tenant: Tenant): Promise<void> {
  await changes.heads([tenant]);
  await changes.since(tenant, 0, 100);
  await changes.count(tenant, 100);
  for await (const batch of (await changes.snapshot(tenant)).batches) if (batch.count === 0) throw new Error("empty");
  changes.announce(tenant.id, 0);
  const over = new AbortController();
  // Until it is heard: announcements leave a little later.
  await new Promise<void>((resolve) => {
    changes.listen((hint) => {
      if (hint.kind === "lost") changes.announce(tenant.id, 1);
      else resolve();
    }, over.signal);
  });
  over.abort();
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Error && "reason" in error && error.reason === "PRECONDITION_FAILED")) throw error;
}
