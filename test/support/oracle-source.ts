import type { Found, Need, TupleSource } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";

/** Tuples in a map by `object#relation`, answering at once. Counts what it was asked. */
export interface CountingSource extends TupleSource {
  answer(needs: readonly Need[]): readonly (readonly Found[])[];
  /** One entry per round. */
  readonly asked: (readonly Need[])[];
  rows: number;
}

export function createSource(tuples: Iterable<Tuple>): CountingSource {
  const byPlace = new Map<string, Map<string, Found>>();
  for (const tuple of tuples) {
    const place = `${tuple.objectType}:${tuple.objectId}#${tuple.relation}`;
    const found = byPlace.get(place) ?? new Map<string, Found>();
    byPlace.set(place, found.set(subjectKey(tuple), tuple));
  }
  const nothing: ReadonlyMap<string, Found> = new Map();
  const source: CountingSource = {
    asked: [],
    rows: 0,
    answer: (needs) => {
      source.asked.push(needs);
      const answers = needs.map((need) => {
        const found = byPlace.get(`${need.objectType}:${need.objectId}#${need.relation}`) ?? nothing;
        return answerOne(need, found);
      });
      for (const answer of answers) source.rows += answer.length;
      return answers;
    },
    read: async (needs) => source.answer(needs),
  };
  return source;
}

function answerOne(need: Need, found: ReadonlyMap<string, Found>): readonly Found[] {
  switch (need.kind) {
    case "exact": {
      const exact = found.get(subjectKey(need));
      return exact === undefined ? [] : [exact];
    }
    case "usersets":
      return [...found.values()].filter((one) => one.subjectRelation !== "");
    case "objects":
      return [...found.values()].filter((one) => one.subjectId !== "*" && need.subjectTypes.includes(one.subjectType));
  }
}

function subjectKey(subject: Found): string {
  return `${subject.subjectType}:${subject.subjectId}#${subject.subjectRelation}`;
}
