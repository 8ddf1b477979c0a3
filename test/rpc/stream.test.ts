import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TupleService } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireUpdate } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";
import { waitFor } from "../support/wait.ts";

const PAGE = 110;
const IDS = Array.from({ length: 220 }, (_, i) => `${String(i).padStart(6, "0")}-${"x".repeat(993)}`);
const FULLY = { requirement: { case: "fullyConsistent" as const, value: true } };

let server: TestServer;
/** The store then begins again at every page: a tenant that never ends. */
let endless = false;
let pagesRead = 0;
let pagesCut = 0;

beforeAll(async () => {
  server = await startTestServer({
    config: { maxReadPage: PAGE, defaultDeadlineMs: 30_000 },
    wrapStore: (store) => ({
      ...store,
      tuples: {
        ...store.tuples,
        page: (tenant, { after, ...query }, signal) => {
          pagesRead += 1;
          signal?.addEventListener("abort", () => {
            pagesCut += 1;
          });
          const place = after === undefined || endless ? query : { ...query, after };
          return store.tuples.page(tenant, place, signal);
        },
      },
    }),
  });
  await server.createTenant("acme");
  const client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await client.tuples.write({ updates: IDS.map((id) => wireUpdate(`+document:${id}#viewer@user:anne`)) });
});
afterAll(() => server.close());

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  const client = () => createClient(TupleService, TRANSPORTS[name](server, { authorization: server.issuer.bearer() }));

  test("a long Read arrives whole and in order, and a cursor of any place goes on from there", async () => {
    endless = false;
    const seen: string[] = [];
    let middle = "";
    for await (const { tuple, cursor } of client().read({ consistency: FULLY })) {
      if (seen.length === 99) middle = cursor;
      seen.push(tuple?.object?.id ?? "");
    }
    expect(seen).toEqual(IDS);
    const rest: string[] = [];
    for await (const { tuple } of client().read({ cursor: middle, limit: 70 })) rest.push(tuple?.object?.id ?? "");
    expect(rest).toEqual(IDS.slice(100, 170));
  });

  // HTTP/1.1 has no windows: it takes 25 MB of socket buffers, and seven seconds, to see it stop.
  if (name.includes("HTTP/1.1")) return;
  test("a caller that stops reading stops the fetching of pages, and one that leaves ends the call", async () => {
    endless = true;
    pagesCut = 0;
    const leave = new AbortController();
    const reading = (async () => {
      for await (const _ of client().read({ consistency: FULLY }, { signal: leave.signal })) {
        // Not reading on after the first tuple, until told to leave.
        await new Promise((resolve) => leave.signal.addEventListener("abort", resolve));
      }
    })();
    let before = -1;
    let steady = 0;
    await waitFor("the server to stop fetching pages", () => {
      steady = pagesRead === before ? steady + 1 : 0;
      before = pagesRead;
      return steady > 4;
    });
    leave.abort();
    await expect(reading).rejects.toMatchObject({ code: 1 });
    await waitFor("the call to end", () => pagesCut > 0);
  });
});
