import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuthorizationService, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { Found, FoundObject, TupleSource } from "../../src/model/need.ts";
import type { Store } from "../../src/model/store.ts";
import { NOTHING_IN_MEMORY, startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";
import { waitFor } from "../support/wait.ts";

/** What the store was asked for on behalf of calls, and when a call's end reached it. */
const seen = { asked: 0, askedAfterLeaving: 0, toldAtMs: 0 };

/** Ids of 1,000 characters, so that windows and buffers fill soon. */
const idAfter = (after: string) => `${String(Number(after.slice(0, 9)) + 1).padStart(9, "0")}${"x".repeat(991)}`;

/** The real store, in which `user:everywhere` views every document there could be and everybody views `document:all`. */
function withoutEnd(store: Store): Store {
  return {
    ...store,
    tuples: {
      ...store.tuples,
      source: (tenant, revision, signal) => {
        signal?.addEventListener("abort", () => {
          seen.toldAtMs = performance.now();
        });
        return endlessSource(store.tuples.source(tenant, revision, signal), signal);
      },
    },
  };
}

function endlessSource(real: TupleSource, signal: AbortSignal | undefined): TupleSource {
  const count = () => {
    seen.asked += 1;
    if (signal?.aborted) seen.askedAfterLeaving += 1;
  };
  return {
    read: (needs, maxRows) => {
      count();
      return real.read(needs, maxRows);
    },
    async scanObjects(scans, limit) {
      count();
      const rows = await real.scanObjects(scans, limit);
      return scans.map((scan, index): readonly FoundObject[] => {
        if (scan.subjectId !== "everywhere" || scan.relation !== "viewer" || scan.objectType !== "document")
          return rows[index] ?? [];
        let objectId = scan.after?.objectId ?? "0";
        return Array.from({ length: limit }, () => {
          objectId = idAfter(objectId);
          return { objectId, subjectRelation: "" };
        });
      });
    },
    async scanSubjects(scans, limit) {
      count();
      const rows = await real.scanSubjects(scans, limit);
      return scans.map((scan, index): readonly Found[] => {
        if (scan.objectId !== "all" || scan.relation !== "viewer" || (scan.subjectType ?? "user") !== "user")
          return rows[index] ?? [];
        let subjectId = scan.after?.subjectId ?? "0";
        return Array.from({ length: limit }, () => {
          subjectId = idAfter(subjectId);
          return { subjectType: "user", subjectId, subjectRelation: "" };
        });
      });
    },
  };
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    wrapStore: withoutEnd,
    config: { defaultDeadlineMs: 50, maxDeadlineMs: 30_000, ...NOTHING_IN_MEMORY },
  });
  await server.createTenant("acme");
  await server.client("acme").schemas.write({ text: DOCUMENTS_SCHEMA }, { timeoutMs: 20_000 });
});
afterAll(() => server.close());

const LOOKUPS = {
  LookupResources: (client: Client, signal: AbortSignal) =>
    client.lookupResources(
      { objectType: "document", permission: "viewer", subject: { object: { type: "user", id: "everywhere" } } },
      { signal },
    ),
  LookupSubjects: (client: Client, signal: AbortSignal) =>
    client.lookupSubjects(
      { object: { type: "document", id: "all" }, permission: "viewer", subjectType: "user" },
      { signal },
    ),
};
type Client = ReturnType<typeof clientOf>;
const clientOf = (name: (typeof TRANSPORT_NAMES)[number], requestId: string) =>
  createClient(
    AuthorizationService,
    TRANSPORTS[name](server, { authorization: server.issuer.bearer(), "x-request-id": requestId }),
  );

const lineOf = (requestId: string) =>
  waitFor(`the log line of ${requestId}`, () => server.logLines().find((line) => line["requestId"] === requestId));

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  describe.each(Object.entries(LOOKUPS))("%s", (verb, ask) => {
    const id = (what: string) => `${what}-${verb}-${TRANSPORT_NAMES.indexOf(name)}`;

    test("a caller who leaves ends the work within 100 ms, and nothing is read after", async () => {
      // The best of some: the machine may be busy with other tests.
      const delaysMs: number[] = [];
      for (let attempt = 0; attempt < 5 && !delaysMs.some((ms) => ms <= 100); attempt++) {
        const leave = new AbortController();
        Object.assign(seen, { askedAfterLeaving: 0, toldAtMs: 0 });
        let results = 0;
        let leftAtMs = 0;
        const reading = (async () => {
          for await (const { decision } of ask(clientOf(name, id(`leave-${attempt}`)), leave.signal)) {
            expect(decision).toBe(Decision.ALLOWED);
            results += 1;
            if (results < 300) continue;
            leftAtMs = performance.now();
            leave.abort();
          }
        })();
        await expect(reading).rejects.toMatchObject({ code: 1 });
        expect(await lineOf(id(`leave-${attempt}`))).toMatchObject({ code: "cancelled" });
        delaysMs.push((await waitFor("the store to be told", () => seen.toldAtMs)) - leftAtMs);
        expect(seen.askedAfterLeaving).toBe(0);
      }
      expect(Math.min(...delaysMs)).toBeLessThanOrEqual(100);
    });

    // HTTP/1.1 has no windows: it takes 25 MB of socket buffers to see it stop.
    if (name.includes("HTTP/1.1")) return;
    test("a caller who stops reading stops the work, beyond the deadline of calls with one answer", async () => {
      const leave = new AbortController();
      const reading = (async () => {
        for await (const _ of ask(clientOf(name, id("slow")), leave.signal))
          await new Promise((resolve) => leave.signal.addEventListener("abort", resolve));
      })();
      let before = -1;
      let steady = 0;
      await waitFor("the server to stop asking the store", () => {
        steady = seen.asked === before ? steady + 1 : 0;
        before = seen.asked;
        return steady > 4;
      });
      expect(server.logLines().some((line) => line["requestId"] === id("slow"))).toBe(false);
      leave.abort();
      await expect(reading).rejects.toMatchObject({ code: 1 });
      expect(await lineOf(id("slow"))).toMatchObject({ code: "cancelled" });
      expect(seen.asked).toBe(before);
    });
  });
});
