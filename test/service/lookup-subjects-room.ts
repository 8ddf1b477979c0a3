import type { Store } from "../../src/model/store.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { LookupPage, LookupResult } from "../../src/service/lookup-page.ts";
import type { LookupSubjectsRequest } from "../../src/service/lookup-subjects.ts";
import type { Verbs } from "../../src/service/verbs.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { openService } from "../agreement/service.ts";

export const NOW_MS = Date.parse("2030-01-01T00:00:00Z");

type Asked = Partial<LookupSubjectsRequest> & { readonly call?: TenantCall; readonly verbs?: Verbs };

/** A tenant with a schema and tuples, and LookupSubjects about it. */
export interface Room {
  readonly verbs: Verbs;
  readonly call: TenantCall;
  /** @param question `document:a#view` @param kind `user` or `group#member` */
  pages(question: string, kind: string, asked?: Asked): AsyncIterable<LookupPage>;
  results(question: string, kind: string, asked?: Asked): Promise<readonly (LookupResult & { cursor: string })[]>;
  /** Each result as text: `ann`, `bob?hour,level` when that is missing, `!cid` when denied. */
  list(question: string, kind: string, asked?: Asked): Promise<string[]>;
  write(...tuples: readonly string[]): Promise<void>;
  delete(...tuples: readonly string[]): Promise<void>;
}

export async function openRoom(
  text: string,
  tuples: readonly string[],
  store: Store = createMemoryStore({ now: () => NOW_MS }),
): Promise<Room> {
  const { verbs, enter } = openService(store, NOW_MS);
  const call = await enter({ text, tuples: tuples.map(parseTuple) });
  const change =
    (operation: "touch" | "delete") =>
    async (...changed: readonly string[]) => {
      const updates = changed.map((tuple) => ({ operation, tuple: parseTuple(tuple) }));
      await verbs.writeTuples(call, { updates, preconditions: [], idempotencyKey: "" });
    };
  const pages: Room["pages"] = (question, kind, { call: as = call, verbs: of = verbs, ...asked } = {}) => {
    const { objectType: type, objectId: id, relation: permission } = parseTuple(`${question}@user:x`);
    const [subjectType = "", subjectRelation = ""] = kind.split("#");
    return of.lookupSubjects(as, {
      object: { type, id },
      permission,
      subjectType,
      subjectRelation,
      context: {},
      contextualTuples: [],
      consistency: (asked.cursor ?? "") === "" ? { kind: "fully_consistent" } : undefined,
      limit: 0,
      cursor: "",
      candidateIds: undefined,
      countOnly: false,
      ...asked,
    });
  };
  const results: Room["results"] = async (question, kind, asked) => {
    const all: (LookupResult & { cursor: string })[] = [];
    for await (const page of pages(question, kind, asked)) {
      if ("count" in page) throw new Error("a count is no list");
      for (const result of page.results) all.push({ ...result, cursor: page.cursorAfter(result) });
    }
    return all;
  };
  return {
    verbs,
    call,
    pages,
    results,
    list: async (question, kind, asked) => (await results(question, kind, asked)).map(show),
    write: change("touch"),
    delete: change("delete"),
  };
}

export function show({ id, decision }: LookupResult): string {
  if (decision.kind === "allowed") return id;
  return decision.kind === "denied" ? `!${id}` : `${id}?${decision.missing.join(",")}`;
}
