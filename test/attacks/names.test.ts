import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trustProblems } from "../../src/auth/trust-problems.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { membershipQuestion } from "../../src/service/token-service/membership.ts";
import { createVerbs, type Verbs } from "../../src/service/verbs.ts";
import { openStore } from "../storage/postgres/open.ts";
import { createCall } from "../support/call.ts";
import { pick, seeded } from "../support/random.ts";
import { TEST_LIMITS } from "../support/server-verbs.ts";
import { tokenService } from "../token-service/world.ts";

const ORIGIN = { actor: "test", requestId: "test" };
const KEYS = { kind: "discovery" } as const;

/** What a membership rule makes of people, as an operator would write it. */
function exchangeOf(issuers: readonly string[], subject: string) {
  const trusted = { profile: "oauth", keys: KEYS, algorithms: ["ES256"], audiences: ["a"] };
  const membership = { object: "organization:{tenant}", permission: "member", subject };
  return tokenService({
    exchange: { issuers: issuers.map((issuer) => ({ issuer, ...trusted })), membership, scopes: ["check"] },
  }).exchange;
}

describe("people of two issuers", () => {
  const ABOVE = ["https://login.example", "https://login.example/north"];

  test.each(["user:{iss}{sub}", "user:{iss}/{sub}", "user:a{iss}/{sub}/b", "user:{iss}{sub}-{sub}"])(
    "cannot be joined by %s where one issuer's identifier begins another's",
    (subject) => {
      expect(() => exchangeOf(ABOVE, subject)).toThrow(/name a subject that is taken for one of/);
    },
  );

  test("joined as relata lets them are never one person, whatever their subjects", () => {
    const random = seeded(11);
    for (const template of [
      "user:{iss}|{sub}",
      "user:{sub}|{iss}",
      "user:a/{iss}|{sub}/b",
      "user:{iss}!{sub}",
      "user:{sub}{iss}",
    ]) {
      const rule = exchangeOf(ABOVE, template)?.membership;
      if (rule === undefined) throw new Error("there is an exchange");
      const seen = new Map<string, string>();
      for (let n = 0; n < 2_000; n += 1) {
        const issuer = pick(random, ABOVE);
        const subject = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
          pick(random, ["/north", "|", "!", "a", "https://login.example", "/"]),
        ).join("");
        const { subject: who } = membershipQuestion(rule, "acme", { issuer, subject });
        const person = JSON.stringify([issuer, subject]);
        expect(seen.get(who.id) ?? person, who.id).toBe(person);
        seen.set(who.id, person);
      }
    }
  });

  test("are told apart in history and limits: no identifier has the letter between issuer and subject", () => {
    const issuer = {
      issuer: "https://login.example/|admin",
      profile: "oauth",
      keys: { kind: "file", path: "/keys.json" },
      algorithms: ["ES256"],
      audiences: ["relata"],
      tenant: { kind: "claim", claim: "tenant" },
      scopes: [],
      maxLifetimeMs: 1_000,
      clockSkewMs: 0,
    } as const;
    expect(trustProblems([issuer], []).join()).toMatch(/"\|" cannot stand in an identifier/);
    expect(trustProblems([{ ...issuer, issuer: "https://login.example" }], [])).toEqual([]);
    expect(() => exchangeOf(["https://login.example/|admin"], "user:{sub}")).toThrow(/must not hold "\|"/);
  });
});

describe("a schema's name that is used again after its tenant was removed", () => {
  let store: Awaited<ReturnType<typeof openStore>>["store"];
  let close: () => Promise<void>;
  let verbs: Verbs;
  beforeAll(async () => {
    ({ store, close } = await openStore());
    const tokenKeys = [{ id: "k", secret: "s".repeat(32) }];
    verbs = createVerbs({ store, tokenKeys, limits: TEST_LIMITS, now: Date.now, log: SILENT_LOGGER });
  });
  afterAll(() => close());

  const decide = async (tenant: Tenant): Promise<string> => {
    const call = { ...createCall(Date.now()), tenant };
    const { objectType, objectId, subjectType, subjectId } = parseTuple("document:1#viewer@user:anne");
    const answer = await verbs.check(call, {
      object: { type: objectType, id: objectId },
      permission: "view",
      subject: { type: subjectType, id: subjectId, relation: "" },
      consistency: { kind: "fully_consistent" },
      context: {},
      contextualTuples: [],
    });
    return answer.decision.kind;
  };
  const make = async (slug: string, view: string): Promise<Tenant> => {
    const tenant = await store.tenants.create({ slug, schemaName: "shared" }, ORIGIN);
    const call = { ...createCall(Date.now()), tenant };
    const text = `definition user {}
definition document {
  relation viewer: user
  relation banned: user
  permission view = ${view}
}`;
    await verbs.writeSchema(call, { text, expectedVersion: undefined });
    const tuples = ["document:1#viewer@user:anne", "document:1#banned@user:anne"].map((text) => parseTuple(text));
    const updates = tuples.map((tuple) => ({ operation: "create" as const, tuple }));
    await verbs.writeTuples(call, { updates, preconditions: [], idempotencyKey: "" });
    return tenant;
  };

  test("is decided by the new tenant's schema, not by the one that is still compiled", async () => {
    const first = await make("first", "viewer");
    expect(await decide(first)).toBe("allowed");
    await store.life.beginOffboard(first.id, ORIGIN);
    expect((await store.life.run(first.id, { settleMs: 0 }))?.stage).toBe("done");
    const second = await make("second", "viewer - banned");
    expect(await decide(second)).toBe("denied");
  });
});
