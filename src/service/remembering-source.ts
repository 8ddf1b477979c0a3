import type { Found, Need, TupleSource } from "../model/need.ts";

/** Reads of one revision. What has been read once is not read again: the rows of a revision never change. */
export interface RememberingSource extends Pick<TupleSource, "read"> {
  /** How often the source itself was asked. */
  readonly trips: number;
}

/** Remembering costs next to nothing until something is asked for again: keys are made only then (`recall`). */
export function rememberReads(source: Pick<TupleSource, "read">): RememberingSource & { recall(): void } {
  const pages: { readonly needs: readonly Need[]; readonly answers: readonly (readonly Found[])[] }[] = [];
  let known: Map<string, readonly Found[]> | undefined;
  let trips = 0;

  const ask = async (needs: readonly Need[], maxRows: number) => {
    trips += 1;
    const answers = await source.read(needs, maxRows);
    if (known === undefined) pages.push({ needs, answers });
    else learn(known, needs, answers);
    return answers;
  };

  return {
    get trips() {
      return trips;
    },
    /** From now on what was read before is answered from memory. */
    recall: () => {
      if (known !== undefined) return;
      known = new Map();
      for (const { needs, answers } of pages) learn(known, needs, answers);
      pages.length = 0;
    },
    read: async (needs, maxRows) => {
      const memory = known;
      if (memory === undefined) return ask(needs, maxRows);
      const unknown = needs.filter((need) => !memory.has(needKey(need)));
      if (unknown.length > 0) await ask(unknown, maxRows);
      return needs.map((need) => memory.get(needKey(need)) ?? []);
    },
  };
}

function learn(
  known: Map<string, readonly Found[]>,
  needs: readonly Need[],
  answers: readonly (readonly Found[])[],
): void {
  if (needs.length !== answers.length) throw new Error("the source left a need without an answer");
  for (const [index, need] of needs.entries()) known.set(needKey(need), answers[index] as readonly Found[]);
}

/** Spaces cannot occur in names or ids, so two needs share a key only when they are the same. */
function needKey(need: Need): string {
  const place = `${need.kind} ${need.objectType} ${need.objectId} ${need.relation}`;
  switch (need.kind) {
    case "exact":
      return `${place} ${need.subjectType} ${need.subjectId} ${need.subjectRelation}`;
    case "usersets":
      return place;
    case "objects":
      return `${place} ${need.subjectTypes.join(" ")}`;
  }
}
