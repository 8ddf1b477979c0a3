import { describe, expect, it } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { ChangeHint, TupleBatch } from "../../src/model/change.ts";
import type { Store } from "../../src/model/store.ts";
import { createTenant, draft } from "./drafts.ts";
import { changeText, decodeBatch, storedText } from "./stored-text.ts";

export function describeChanges(store: () => Store): void {
  const written = async (...writes: readonly (readonly string[])[]) => {
    const tenant = await createTenant(store());
    for (const updates of writes) await store().tuples.write(tenant, draft(updates));
    return tenant;
  };
  const read = async (batches: AsyncIterable<TupleBatch>) => {
    const texts: string[] = [];
    for await (const batch of batches) texts.push(...decodeBatch(batch).map(storedText));
    return texts;
  };

  describe("the changes of a tenant", () => {
    it("are told by revision, from any on, each tuple once", async () => {
      const tenant = await written(
        ["create document:a#viewer@user:anne", "create document:b#viewer@group:eng#member"],
        ["delete document:a#viewer@user:anne", "create document:c#viewer@user:*"],
        [],
        ['touch document:c#viewer@user:*[office:{"n":1}]', "create document:a#viewer@user:anne"],
      );
      const { base, revisions, complete } = await store().changes.since(tenant, 0, 100);
      expect(base).toEqual(await store().revisions.at(tenant, 0));
      expect(complete).toBe(true);
      expect(revisions.map(({ head }) => head)).toEqual(
        await Promise.all([1, 2, 3, 4].map((revision) => store().revisions.at(tenant, revision))),
      );
      const told = revisions.map(({ changes }) => changes.map(changeText).sort());
      expect(told).toEqual([
        ["put document:a#viewer@user:anne", "put document:b#viewer@group:eng#member"],
        ["put document:c#viewer@user:*", "remove document:a#viewer@user:anne"],
        [],
        ["put document:a#viewer@user:anne", 'put document:c#viewer@user:*[office:{"n":1}]'],
      ]);
      const rest = await store().changes.since(tenant, 2, 100);
      expect(rest).toEqual({ base: revisions[1]?.head, revisions: revisions.slice(2), complete: true });
    });

    it("carry caveat and end exactly as the solver's reads do", async () => {
      const tenant = await written([
        'create document:a#viewer@user:anne[office:{"b":1,"a":["\\t","\\\\","é"]}][expiration:2100-01-01T00:00:00.250Z]',
      ]);
      const need = { kind: "exact", objectType: "document", objectId: "a", relation: "viewer" } as const;
      const subject = { subjectType: "user", subjectId: "anne", subjectRelation: "" };
      const [[found]] = (await store()
        .tuples.source(tenant, 1)
        .read([{ ...need, ...subject }], 1)) as [[object]];
      const { revisions } = await store().changes.since(tenant, 0, 100);
      const { kind: _kind, ...key } = need;
      const stored = { ...key, ...found };
      expect(revisions[0]?.changes).toEqual([{ kind: "put", tuple: stored }]);
      const { batches } = await store().changes.snapshot(tenant);
      for await (const batch of batches) expect(decodeBatch(batch)).toEqual([stored]);
    });

    it("come in pages of whole revisions", async () => {
      const many = (prefix: string, n: number) =>
        Array.from({ length: n }, (_, i) => `create document:${prefix}${i}#viewer@user:anne`);
      const tenant = await written(many("a", 3), many("b", 3), many("c", 10), many("d", 1), many("e", 1));
      const sizes: number[][] = [];
      for (let [after, complete] = [0, false]; !complete; ) {
        const page = await store().changes.since(tenant, after, 6);
        sizes.push(page.revisions.map(({ changes }) => changes.length));
        expect(page.base?.revision).toBe(after);
        after += page.revisions.length;
        complete = page.complete;
      }
      expect(sizes).toEqual([[3, 3], [10], [1, 1]]);
    });

    it("have no base where the tenant never was", async () => {
      const tenant = await written(["create document:a#viewer@user:anne"]);
      expect(await store().changes.since(tenant, 7, 10)).toMatchObject({ base: undefined, revisions: [] });
      expect(await store().changes.since(tenant, 1, 10)).toMatchObject({
        base: { revision: 1 },
        revisions: [],
        complete: true,
      });
    });

    it("of a schema are a revision without tuples", async () => {
      const tenant = await written(["create document:a#viewer@user:anne"]);
      const origin = { actor: "a", requestId: "r" };
      await store().schemas.write(tenant, { text: "definition user {}", expectedVersion: 0, strands: [], origin });
      const { revisions } = await store().changes.since(tenant, 1, 10);
      expect(revisions).toMatchObject([{ head: { revision: 2, schemaVersion: 1 }, changes: [] }]);
    });

    it("are refused of a tenant that is not there", async () => {
      const nobody = { id: "00000000-0000-4000-8000-000000000000", bucket: 0 };
      const { changes } = store();
      await expect(changes.since(nobody, 0, 10)).rejects.toMatchObject({ reason: "TENANT_NOT_FOUND" });
      await expect(changes.snapshot(nobody)).rejects.toMatchObject({ reason: "TENANT_NOT_FOUND" });
    });
  });

  describe("heads of many tenants", () => {
    it("are those of each, without those that are not there", async () => {
      const [one, two] = [await written([], []), await written([])];
      const nobody = { id: "00000000-0000-4000-8000-000000000000", bucket: 0 };
      const heads = await store().changes.heads([one, two, nobody]);
      expect([...heads.keys()].sort()).toEqual([one.id, two.id].sort());
      expect(heads.get(one.id)).toEqual(await store().revisions.head(one));
      expect(heads.get(two.id)).toEqual(await store().revisions.head(two));
      expect(await store().changes.heads([])).toEqual(new Map());
    });
  });

  describe("a snapshot", () => {
    it("is the tenant at its head, in the order of keys", async () => {
      const tenant = await written(
        ["create document:b#viewer@user:anne", "create document:a#viewer@user:gone", "create folder:f#owner@user:a"],
        ["delete document:a#viewer@user:gone", "create document:a#viewer@group:eng#member"],
      );
      const { head, batches } = await store().changes.snapshot(tenant);
      expect(head).toEqual(await store().revisions.head(tenant));
      expect(await read(batches)).toEqual([
        "document:a#viewer@group:eng#member",
        "document:b#viewer@user:anne",
        "folder:f#owner@user:a",
      ]);
    });

    it("of an empty tenant has no batch; counts stop at their limit", async () => {
      const tenant = await written(["create document:a#viewer@user:a", "create document:a#viewer@user:b"]);
      expect(await store().changes.count(tenant, 10)).toBe(2);
      expect(await store().changes.count(tenant, 1)).toBe(1);
      const empty = await written([]);
      expect(await store().changes.count(empty, 10)).toBe(0);
      expect(await read((await store().changes.snapshot(empty)).batches)).toEqual([]);
    });

    it("is refused to a caller who has left, with the caller's own reason", async () => {
      const tenant = await written(["create document:a#viewer@user:a"]);
      const late = new RelataError("DEADLINE_EXCEEDED", "too late");
      await expect(store().changes.snapshot(tenant, AbortSignal.abort(late))).rejects.toBe(late);
      await expect(store().changes.since(tenant, 0, 1, AbortSignal.abort(late))).rejects.toBe(late);
      await expect(store().changes.heads([tenant], AbortSignal.abort(late))).rejects.toBe(late);
    });
  });

  describe("a listener", () => {
    it("hears of every write, and no more once it has left", async () => {
      const tenant = await written([]);
      const heard: ChangeHint[] = [];
      const over = new AbortController();
      const revisions = new Set<number>();
      const reached = (revision: number) =>
        new Promise<void>((resolve) => {
          waiting = () => revisions.has(revision) && resolve();
          waiting();
        });
      let waiting = () => {};
      store().changes.listen((hint) => {
        heard.push(hint);
        if (hint.kind === "changed" && hint.tenantId === tenant.id) revisions.add(hint.revision);
        waiting();
      }, over.signal);
      // What was announced before it listened may be lost: once something is heard, nothing is.
      let revision = 1;
      while (revisions.size === 0) {
        ({ revision } = (await store().tuples.write(tenant, draft([]))).head);
        await Promise.race([reached(revision), store().ping()]);
      }
      await reached(revision);
      ({ revision } = (await store().tuples.write(tenant, draft([]))).head);
      await reached(revision);
      over.abort();
      const before = heard.length;
      await store().tuples.write(tenant, draft([]));
      await store().ping();
      expect(heard.length).toBe(before);
    });
  });
}
