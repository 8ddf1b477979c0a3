import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CallError } from "../../src/client/call-error.ts";
import type { RelataClient } from "../../src/client/relata-client.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { ChangeStore } from "../../src/model/change.ts";
import type { Store } from "../../src/model/store.ts";
import { createClock, type TestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { withClient } from "../support/postgres-template.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

const STALE_MS = 60_000;
const WINDOW_MS = 3_600_000;
const KEY_OLD = { id: "old", secret: randomBytes(32).toString("hex") };
const KEY_NEW = { id: "new", secret: randomBytes(32).toString("hex") };

let database: TestDatabase;
let issuer: TestIssuer;
let clock: TestClock;
/** Two processes over one database, whose clock only the test moves: what one knows, the other learns from the store. */
let one: TestServer;
let two: TestServer;
/** A process that no news reaches: it knows what its requests find out. */
let deaf: TestServer;
let slug: string;
let atOne: RelataClient;
let atTwo: RelataClient;
let atDeaf: RelataClient;

beforeAll(async () => {
  clock = createClock(Date.now());
  database = await createTestDatabase();
  issuer = await startTestIssuer({ now: clock.now });
  const unheard = (store: Store): Store => ({ ...store, changes: { ...store.changes, ...NO_NEWS } });
  [one, two, deaf] = await Promise.all([start(), start(), start(unheard)]);
});
/** @param wrapStore puts something between the server and its store */
function start(wrapStore: (store: Store) => Store = (store) => store): Promise<TestServer> {
  return startTestServer({
    database,
    issuer,
    now: clock.now,
    monotonic: clock.now,
    config: { maxStalenessMs: STALE_MS, readableWindowMs: WINDOW_MS, tokenKeys: [KEY_OLD] },
    wrapStore,
  });
}
beforeEach(async () => {
  ({ slug } = await one.createTenant());
  atOne = one.client(slug);
  atTwo = two.client(slug);
  atDeaf = deaf.client(slug);
  await atOne.schemas.write({ text: DOCUMENTS_SCHEMA });
});
afterAll(async () => {
  await Promise.all([one.close(), two.close(), deaf.close()]);
  await issuer.close();
  await database.drop();
});

type Mode = Parameters<RelataClient["authorization"]["check"]>[0]["consistency"];
const FULLY: Mode = { requirement: { case: "fullyConsistent", value: true } };
const LATENCY: Mode = { requirement: { case: "minimizeLatency", value: true } };
const atLeast = (value: string): Mode => ({ requirement: { case: "atLeastAsFresh", value } });
const exactly = (value: string): Mode => ({ requirement: { case: "atExactSnapshot", value } });

const QUESTION = "document:1#view@user:anne";
async function may(client: RelataClient, consistency?: Mode, question = QUESTION): Promise<boolean> {
  const { decision } = await client.authorization.check({
    ...wireQuestion(question),
    ...(consistency === undefined ? {} : { consistency }),
  });
  expect([Decision.ALLOWED, Decision.DENIED]).toContain(decision);
  return decision === Decision.ALLOWED;
}

const NO_NEWS: Pick<ChangeStore, "heads" | "since" | "listen"> = {
  heads: (_tenants, signal) => never(signal),
  since: (_tenant, _after, _limit, signal) => never(signal),
  listen: () => {},
};

function never(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: CallError) => error.reason,
  );

describe("minimize_latency", () => {
  test("is the default, and may be stale by the bound and not a moment longer", async () => {
    expect(await may(atDeaf)).toBe(false);
    await writeTuples(atOne, "+document:1#viewer@user:anne");
    expect(await may(atDeaf)).toBe(false);
    expect(await may(atDeaf, LATENCY)).toBe(false);
    clock.advance(STALE_MS);
    expect(await may(atDeaf)).toBe(false);
    clock.advance(1);
    expect(await may(atDeaf)).toBe(true);
  });

  test("sees the writes of the same process at once", async () => {
    expect(await may(atOne)).toBe(false);
    await writeTuples(atOne, "+document:1#viewer@user:anne");
    expect(await may(atOne)).toBe(true);
    await writeTuples(atOne, "-document:1#viewer@user:anne");
    expect(await may(atOne)).toBe(false);
    await atOne.tuples.delete({ filter: { objectType: "document" } });
    expect(await may(atOne)).toBe(false);
  });
});

describe("at_least_as_fresh", () => {
  test("sees the write the token came from, in any process", async () => {
    expect(await may(atTwo)).toBe(false);
    const token = await writeTuples(atOne, "+document:1#viewer@user:anne");
    expect(await may(atTwo, atLeast(token))).toBe(true);
    // And what was learned for it serves the others.
    expect(await may(atTwo)).toBe(true);
  });

  test("an older token is satisfied by what is known", async () => {
    const before = await writeTuples(atOne, "+document:1#viewer@user:anne");
    await writeTuples(atOne, "-document:1#viewer@user:anne");
    expect(await may(atOne, atLeast(before))).toBe(false);
  });

  test("never the new enemy: a content version stored with a token is not judged by older tuples", async () => {
    await writeTuples(atOne, "+document:1#viewer@user:anne");
    expect(await may(atDeaf)).toBe(true);
    await writeTuples(atOne, "-document:1#viewer@user:anne");
    const { consistencyToken } = await atOne.authorization.check({ ...wireQuestion(QUESTION), consistency: FULLY });
    expect(await may(atDeaf)).toBe(true);
    expect(await may(atDeaf, atLeast(consistencyToken))).toBe(false);
  });
});

describe("fully_consistent", () => {
  test("sees every write acknowledged before, whoever made it", async () => {
    for (let round = 0; round < 5; round++) {
      await writeTuples(atOne, "~document:1#viewer@user:anne");
      expect(await may(atTwo, FULLY)).toBe(true);
      await writeTuples(atOne, "-document:1#viewer@user:anne");
      expect(await may(atTwo, FULLY)).toBe(false);
    }
  });

  test("also while many ask at once", async () => {
    for (let round = 0; round < 5; round++) {
      const noise = Array.from({ length: 20 }, () => may(atTwo, FULLY));
      await writeTuples(atOne, round % 2 === 0 ? "~document:1#viewer@user:anne" : "-document:1#viewer@user:anne");
      const answers = await Promise.all(Array.from({ length: 20 }, () => may(atTwo, FULLY)));
      expect(new Set(answers)).toEqual(new Set([round % 2 === 0]));
      await Promise.all(noise);
    }
  });
});

describe("at_exact_snapshot", () => {
  test("answers as it was, for every revision of the history", async () => {
    const history: (readonly [token: string, allowed: boolean])[] = [];
    for (let round = 0; round < 6; round++) {
      const allowed = round % 2 === 0;
      history.push([await writeTuples(atOne, `${allowed ? "~" : "-"}document:1#viewer@user:anne`), allowed]);
    }
    for (const [token, allowed] of history.toReversed()) {
      expect(await may(atOne, exactly(token))).toBe(allowed);
      expect(await may(atTwo, exactly(token))).toBe(allowed);
    }
  });

  test("under the schema of that time", async () => {
    const before = await writeTuples(atOne, "+document:1#viewer@user:anne", "+document:1#banned@user:anne");
    const text = DOCUMENTS_SCHEMA.replace(" - banned", "").replace("permission view", "permission look");
    const { consistencyToken: after } = await atOne.schemas.write({ text });
    expect(await may(atTwo, exactly(before))).toBe(false);
    expect(await may(atTwo, exactly(after), "document:1#look@user:anne")).toBe(true);
    expect(await reasonOf(may(atTwo, exactly(after)))).toBe("UNKNOWN_RELATION_OR_PERMISSION");
    expect(await reasonOf(may(atTwo, exactly(before), "document:1#look@user:anne"))).toBe(
      "UNKNOWN_RELATION_OR_PERMISSION",
    );
  });

  test("is readable for the window after it was superseded, and then gone", async () => {
    const old = await writeTuples(atOne, "+document:1#viewer@user:anne");
    const head = await writeTuples(atOne, "-document:1#viewer@user:anne");
    clock.advance(WINDOW_MS - 60_000);
    expect(await may(atOne, exactly(old))).toBe(true);
    clock.advance(120_000);
    expect(await reasonOf(may(atOne, exactly(old)))).toBe("TOKEN_EXPIRED");
    // The head is readable however old it is, and an old token is no hindrance to a fresher answer.
    expect(await may(atOne, exactly(head))).toBe(false);
    expect(await may(atOne, atLeast(old))).toBe(false);
  });
});

describe("tokens", () => {
  test("every answer carries one, and each holds at the revision it names", async () => {
    const written = await writeTuples(atOne, "+document:1#viewer@user:anne");
    const answers = [
      written,
      (await atOne.authorization.check({ ...wireQuestion(QUESTION), consistency: FULLY })).consistencyToken,
      (await atOne.authorization.batchCheck({ items: [wireQuestion(QUESTION)], consistency: FULLY })).consistencyToken,
      (await atOne.schemas.read({})).consistencyToken,
      (await atOne.schemas.write({ text: DOCUMENTS_SCHEMA })).consistencyToken,
    ];
    for await (const { consistencyToken } of atOne.tuples.read({ consistency: FULLY })) answers.push(consistencyToken);
    expect(new Set(answers)).toEqual(new Set([written]));
  });

  test("forged, altered and foreign ones are refused alike", async () => {
    const { slug: other } = await one.createTenant();
    const foreign = (await one.client(other).schemas.write({ text: DOCUMENTS_SCHEMA })).consistencyToken;
    const own = await writeTuples(atOne, "+document:1#viewer@user:anne");
    const altered = Buffer.from(own, "base64url").map((byte, at) => (at === 29 ? byte ^ 1 : byte));
    const bad = [
      foreign,
      Buffer.from(altered).toString("base64url"),
      `${own}A`,
      own.slice(0, -4),
      `${own}=`,
      "",
      "token",
    ];
    const messages = new Set<string>();
    for (const token of bad)
      for (const mode of [atLeast(token), exactly(token)]) {
        const error = await may(atOne, mode).then(
          () => undefined,
          (reason: CallError) => reason,
        );
        expect(error).toMatchObject({ reason: "INVALID_TOKEN", codeName: "INVALID_ARGUMENT", metadata: {} });
        messages.add(error?.message ?? "");
      }
    expect(messages.size).toBe(1);
  });

  test("a token from a history that the database has lost is an error, never an older answer", async () => {
    const { tenant } = await one.operator.tenants.get({ by: { case: "slug", value: slug } });
    const ahead = await writeTuples(atOne, "+document:1#viewer@user:anne");
    await forgetNewestRevision(tenant?.id ?? "");
    const restored = await startTestServer({ database, issuer, now: clock.now, config: { tokenKeys: [KEY_OLD] } });
    const client = restored.client(slug);
    expect(await reasonOf(may(client, atLeast(ahead)))).toBe("REVISION_UNAVAILABLE");
    expect(await reasonOf(may(client, exactly(ahead)))).toBe("REVISION_UNAVAILABLE");
    expect(await may(client)).toBe(false);
    // The history grows past the token again, by a schema change where the token saw a tuple.
    await client.schemas.write({ text: `${DOCUMENTS_SCHEMA}definition more {}\n` });
    expect(await reasonOf(may(client, atLeast(ahead)))).toBe("REVISION_UNAVAILABLE");
    expect(await reasonOf(may(client, exactly(ahead)))).toBe("REVISION_UNAVAILABLE");
    await restored.close();
  });

  test("keys rotate: the first signs, all are accepted until they are taken out", async () => {
    const old = await writeTuples(atOne, "+document:1#viewer@user:anne");
    const start = (tokenKeys: readonly (typeof KEY_OLD)[]) =>
      startTestServer({ database, issuer, now: clock.now, config: { tokenKeys } });
    const rotating = await start([KEY_NEW, KEY_OLD]);
    const fresh = (await rotating.client(slug).schemas.read({})).consistencyToken;
    expect(await may(rotating.client(slug), exactly(old))).toBe(true);
    expect(await may(rotating.client(slug), exactly(fresh))).toBe(true);
    expect(await reasonOf(may(atOne, exactly(fresh)))).toBe("INVALID_TOKEN");
    await rotating.close();
    const rotated = await start([KEY_NEW]);
    expect(await reasonOf(may(rotated.client(slug), exactly(old)))).toBe("INVALID_TOKEN");
    expect(await may(rotated.client(slug), exactly(fresh))).toBe(true);
    await rotated.close();
  });
});

/** What restoring a backup from before the last write does. */
async function forgetNewestRevision(tenantId: string): Promise<void> {
  await withClient(database.owner, async (client) => {
    await client.query("begin");
    await client.query("select set_config('relata.tenant_id', $1, true)", [tenantId]);
    const { rows } = await client.query(
      "update relata.tenant_head set revision = revision - 1 where tenant_id = $1 returning revision",
      [tenantId],
    );
    const revision = Number(rows[0].revision);
    await client.query("delete from relata.revision where tenant_id = $1 and revision > $2", [tenantId, revision]);
    await client.query("delete from relata.tuple where tenant_id = $1 and created_rev > $2", [tenantId, revision]);
    await client.query("commit");
  });
}
