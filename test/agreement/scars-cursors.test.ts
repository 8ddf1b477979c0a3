import { expect, test } from "vitest";
import { RelataError } from "../../src/errors.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { askResources, askSubjects } from "./ask.ts";
import { audienceOf, openScene, questionOf } from "./scene.ts";
import type { Service } from "./service.ts";
import { openStores, STORES } from "./stores.ts";

/* GHSA-vhvq-fv9f-wh4q: a malformed cursor brought the server down. Here it is an error of the caller, in every verb. */
const service = openStores();

const SCHEMA = "definition user {}; definition document { relation viewer: user; permission view = viewer }";
const TUPLES = ["a", "b", "c"].flatMap((id) => ["x", "y", "z"].map((user) => `document:${id}#viewer@user:${user}`));
const FRESH = { kind: "fully_consistent" } as const;
const GRANTS = { type: "document", member: "view", subject: questionOf("document:a#view@user:x").subject };
const AUDIENCE = audienceOf("document:a#view@user");

type Ask = (cursor: string) => Promise<{ readonly cursor: string; readonly error: RelataError | undefined }>;

async function open(at: Service): Promise<Readonly<Record<string, Ask>>> {
  const { call } = await openScene(at, SCHEMA, TUPLES);
  const desk = { verbs: at.verbs, call, context: {}, contextualTuples: [] };
  return {
    lookupResources: (cursor) => askResources(desk, GRANTS, { limit: 1, cursor }),
    lookupSubjects: (cursor) => askSubjects(desk, AUDIENCE, { limit: 1, cursor }),
    readTuples: (cursor) =>
      caught(async () => {
        const consistency = cursor === "" ? FRESH : undefined;
        for await (const page of at.verbs.readTuples(call, { filter: {}, consistency, limit: 1, cursor })) {
          const [tuple] = page.tuples;
          if (tuple !== undefined) return page.cursorAfter(tuple);
        }
        return "";
      }),
    expand: (cursor) =>
      caught(async () => {
        const consistency = cursor === "" ? FRESH : undefined;
        const { object, member: permission } = AUDIENCE;
        return (await at.verbs.expand(call, { object, permission, depth: "whole", consistency, limit: 1, cursor }))
          .cursor;
      }),
  };
}

async function caught(ask: () => Promise<string>): Promise<{ cursor: string; error: RelataError | undefined }> {
  try {
    return { cursor: await ask(), error: undefined };
  } catch (error) {
    if (error instanceof RelataError) return { cursor: "", error };
    throw error;
  }
}

test.each(STORES)("a malformed cursor is the caller's error in every verb, over %s", async (store) => {
  const verbs = await open(service(store));
  const others = await open(service(store));
  for (const [name, ask] of Object.entries(verbs)) {
    const { cursor, error } = await ask("");
    expect(error, name).toBeUndefined();
    expect(cursor, name).not.toBe("");
    expect((await ask(cursor)).error, name).toBeUndefined();
    const ofOtherVerbs = await Promise.all(
      Object.entries(verbs).map(async ([other, askOther]) => (other === name ? "AAAA" : (await askOther("")).cursor)),
    );
    const ofAnotherTenant = (await others[name]?.(""))?.cursor ?? "";
    const last = cursor.at(-2) === "A" ? "B" : "A";
    const bad = [
      "x",
      "AAAA",
      "%%%",
      "\u0000",
      "ü".repeat(100),
      "A".repeat(10_000),
      cursor.slice(0, -4),
      cursor.slice(4),
      `${cursor}AAAA`,
      `${cursor.slice(0, -2)}${last}${cursor.slice(-1)}`,
      ofAnotherTenant,
      ...ofOtherVerbs,
    ];
    for (const one of bad) expect((await ask(one)).error?.reason, `${name} with ${one}`).toBe("INVALID_CURSOR");
  }
});

test.each(STORES)("a cursor continues only the question it came from, over %s", async (store) => {
  const at = service(store);
  const { call } = await openScene(at, SCHEMA, TUPLES);
  const desk = { verbs: at.verbs, call, context: {}, contextualTuples: [] };
  const { cursor } = await askResources(desk, GRANTS, { limit: 1 });
  const contextualTuples = [parseTuple("document:a#viewer@user:w")];
  const others = [
    askResources(desk, { ...GRANTS, member: "viewer" }, { cursor }),
    askResources(desk, { ...GRANTS, subject: { ...GRANTS.subject, id: "y" } }, { cursor }),
    askResources({ ...desk, context: { other: 1 } }, GRANTS, { cursor }),
    askResources({ ...desk, contextualTuples }, GRANTS, { cursor }),
    askResources(desk, GRANTS, { cursor, candidateIds: ["a", "b"] }),
  ];
  for (const { error } of await Promise.all(others)) expect(error?.reason).toBe("INVALID_CURSOR");
  // Pinned to its revision: what is written in between is not in it, and what is deleted stays.
  await at.verbs.deleteTuples(call, {
    filter: { objectType: "document", objectId: "c" },
    preconditions: [],
    limit: 0,
    allowPartial: false,
    idempotencyKey: "",
  });
  const rest = await askResources(desk, GRANTS, { cursor });
  expect(rest.results.map(({ id }) => id)).toEqual(["b", "c"]);
  expect((await askResources(desk, GRANTS, {})).results.map(({ id }) => id)).toEqual(["a", "b"]);
});
