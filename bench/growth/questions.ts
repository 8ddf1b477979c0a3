import type { World } from "./world.ts";

/** What came of a question: how much there was to answer, and the engine's own count of its work where it gives one. */
export interface Answered {
  /** Allowed items, results or nodes. */
  readonly results: number;
  /** Problems and operators visited. */
  readonly nodes?: number;
}

/** @param n as large as the graph it is asked of */
export type Ask = (world: World, n: number) => Promise<Answered>;

const LATEST = { kind: "fully_consistent" } as const;
const ANNE = { type: "user", id: "anne", relation: "" };
const DOCUMENT = { type: "document", id: "d" };

export const check: Ask = async ({ verbs, call }) => {
  const question = { object: DOCUMENT, permission: "view", subject: ANNE, consistency: LATEST };
  const { decision, work } = await verbs.check(call, question);
  return { results: decision.kind === "allowed" ? 1 : 0, nodes: work.nodes };
};

const batch = async ({ verbs, call }: World, items: Parameters<World["verbs"]["batchCheck"]>[1]["items"]) => {
  const { results, work } = await verbs.batchCheck(call, { items, consistency: LATEST });
  const allowed = results.filter((result) => "decision" in result && result.decision.kind === "allowed");
  return { results: allowed.length, nodes: work.nodes };
};

/** The same document for anne and nine strangers. */
export const batchOfTen: Ask = (world) =>
  batch(
    world,
    Array.from({ length: 10 }, (_, i) => ({
      object: DOCUMENT,
      permission: "view",
      subject: i === 0 ? ANNE : { ...ANNE, id: `stranger${i}` },
    })),
  );

/** Anne and every document. */
export const batchOfAll: Ask = (world, n) =>
  batch(
    world,
    Array.from({ length: n }, (_, i) => ({
      object: { type: "document", id: `d${i}` },
      permission: "view",
      subject: ANNE,
    })),
  );

const lookup = async (pages: AsyncIterable<object>): Promise<Answered> => {
  let results = 0;
  for await (const page of pages) results += "results" in page && Array.isArray(page.results) ? page.results.length : 0;
  return { results };
};

const ALL = { consistency: LATEST, limit: 0, cursor: "", candidateIds: undefined, countOnly: false, context: {} };

/** @param permission `open` needs no further check of what is found, `view` and `see` do. */
export const lookupResources =
  (permission: "open" | "view" | "see", objectType = "document"): Ask =>
  ({ verbs, call }) =>
    lookup(verbs.lookupResources(call, { ...ALL, objectType, permission, subject: ANNE, contextualTuples: [] }));

export const lookupSubjects =
  (permission: "open" | "view"): Ask =>
  ({ verbs, call }) =>
    lookup(
      verbs.lookupSubjects(call, {
        ...ALL,
        object: DOCUMENT,
        permission,
        subjectType: "user",
        subjectRelation: "",
        contextualTuples: [],
      }),
    );

/** @param limit of nodes per page, 0 for a single page */
export const expand =
  (depth: "whole" | "one_level", permission: string, limit: number): Ask =>
  async ({ verbs, call }) => {
    let results = 0;
    for (let cursor = ""; ; ) {
      const consistency = cursor === "" ? LATEST : undefined;
      const page = await verbs.expand(call, { object: DOCUMENT, permission, depth, consistency, limit, cursor });
      results += page.nodes.length;
      if (page.cursor === "") return { results };
      cursor = page.cursor;
    }
  };
