import { afterAll, beforeAll, expect, it } from "vitest";
import type { AuditDraft, ChainPosition } from "../../src/model/audit.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import type { EitherCall } from "../../src/service/audit/deps.ts";
import { createExportAudit } from "../../src/service/audit/export.ts";
import { createVerifyAudit } from "../../src/service/audit/verify.ts";
import { createAuditRetention } from "../../src/storage/postgres/audit-retention.ts";
import { openMaintenance } from "../../src/storage/postgres/maintenance.ts";
import { createTenant, ORIGIN } from "../storage/drafts.ts";
import { openStore } from "../storage/postgres/open.ts";

/** More than a page of a proof. */
const EVENTS = 1_050;
const AT_ONCE = 50;
const PAGE = 1_000;

let opened: Awaited<ReturnType<typeof openStore>>;
let tenant: Tenant;
beforeAll(async () => {
  opened = await openStore();
  tenant = await createTenant(opened.store);
  for (let from = 1; from < EVENTS; from += AT_ONCE)
    await opened.store.audit.append(
      tenant.id,
      Array.from({ length: AT_ONCE }, (_, index) => written(from + index)),
    );
});
afterAll(() => opened.close());

function written(n: number): AuditDraft {
  // Half a megabyte of them is more than a message of an export takes.
  const personal = { changes: [`create document:d${n}#viewer@user:u${n}`], note: "x".repeat(400) };
  return { event: "tuples.written", origin: ORIGIN, details: { revision: n }, personal };
}

function call(deadlineMs: number): EitherCall {
  return { tenant, deadlineMs, signal: new AbortController().signal } as unknown as EitherCall;
}

it("an export has each event once, in messages of bounded size", async () => {
  const seqs: number[] = [];
  let messages = 0;
  for await (const batch of createExportAudit({ audit: opened.store.audit })(call(0), { fromSeq: 0, toSeq: 0 })) {
    messages += 1;
    seqs.push(...batch.map(({ seq }) => seq));
  }
  expect(seqs).toEqual(Array.from({ length: EVENTS + 1 }, (_, index) => index + 1));
  expect(messages).toBeGreaterThan(EVENTS / PAGE + 1);
});

it("pages follow one another through a filter that few events pass", async () => {
  const seqs: number[] = [];
  let after: { readonly recordedAtMs: number; readonly seq: number } | undefined;
  do {
    const filter = { events: ["tuples.written"], mentions: "document:d20" };
    const page = await opened.store.audit.page(tenant.id, {
      filter,
      oldestFirst: false,
      limit: 7,
      ...(after && { after }),
    });
    seqs.push(...page.events.map(({ seq }) => seq));
    after = page.next;
  } while (after !== undefined);
  const named = Array.from({ length: EVENTS }, (_, index) => index + 1).filter((n) => String(n).startsWith("20"));
  expect(seqs).toEqual(named.map((n) => n + 1).toReversed());
});

it("a proof that runs out of time says how far it got, and what was erased so far is told of behind it", async () => {
  const maintenance = openMaintenance({ maintenance: { ...opened.database.maintenance } }, undefined);
  await createAuditRetention(maintenance).erase(tenant.id, { mentions: "document:d7#" }, ORIGIN, "");
  const { audit } = opened.store;
  const verify = createVerifyAudit({ audit, headKeys: [], now: () => 0 });
  const parts: number[] = [];
  let reached: Pick<ChainPosition, "seq" | "hash"> = { seq: 0, hash: new Uint8Array() };
  for (let complete = false; !complete; ) {
    // Its time is over as soon as it looks; the last page is one on which it has nothing left to do.
    const isLast = reached.seq > EVENTS - PAGE;
    const heads =
      reached.seq === 0
        ? []
        : [{ chain: tenant.id, signedAtMs: 0, signature: new Uint8Array(), keyId: "", ...reached }];
    const answer = await verify(call(isLast ? 60_000 : 0), { fromSeq: reached.seq + 1, toSeq: 0, heads });
    expect(answer).toMatchObject({ intact: true, problems: [], personalErased: parts.length === 0 ? 1 : 0 });
    parts.push(answer.events);
    reached = { seq: answer.lastSeq, hash: answer.lastHash };
    complete = answer.complete;
  }
  expect(parts).toEqual([PAGE, EVENTS + 2 - PAGE]);
});
