import type { TupleKey } from "../../src/model/tuple.ts";
import { coprimeTo, scatter } from "./arithmetic.ts";
import { type Company, company, DOCUMENTS, FOLDERS, GROUPS, GUESTS, TUPLES_PER_BLOCK } from "./document-company.ts";
import { QUESTION_KINDS, type QuestionKind } from "./document-questions.ts";
import { exampleSchema } from "./example-schema.ts";
import { scattered } from "./scattered.ts";
import type { KnownQuestion, Workload } from "./workload.ts";

/** The document model of schema/examples/documents.zed, of any size, with questions whose answers are known. */
export interface DocumentsWorkload extends Workload {
  /** Without caveats and ends. */
  generate(): Iterable<TupleKey>;
}

const MAX_CHANGES = 1_000_000;

/** @param tuples at least 1,000; what is over a whole thousand is left out @param seed workloads of two seeds share no ids */
export function documents(tuples: number, seed = 0): DocumentsWorkload {
  const blocks = Math.floor(tuples / TUPLES_PER_BLOCK);
  if (blocks < 1)
    throw new RangeError(`a workload of documents has at least ${TUPLES_PER_BLOCK} tuples, not ${tuples}`);
  const of = company(blocks, seed);
  const question = (index: number): KnownQuestion => {
    const wanted = scatter(index, seed + 101, 1 << 20);
    const kinds = index % 2 === 0 ? QUESTION_KINDS.allowed : QUESTION_KINDS.denied;
    const kind = kinds[wanted % kinds.length] as QuestionKind;
    const { object, member, subject } = kind.ask(
      of,
      scatter(index, seed + 102, blocks),
      scatter(index, seed + 103, 1 << 30),
    );
    return {
      question: { object, member, subject: { type: "user", id: subject, relation: "" } },
      allowed: kind.allowed,
      kind: kind.name,
    };
  };
  return {
    name: "documents",
    about: "a company's documents in folders up to ten deep, shared with groups in groups up to four deep",
    schema: exampleSchema("documents.zed"),
    tuples: of.tuples,
    tenants: 1,
    *generate() {
      for (const [block, document] of scattered(blocks, DOCUMENTS)) yield* of.aboutDocument(block, document);
      for (const [block, folder] of scattered(blocks, FOLDERS)) yield* of.aboutFolder(block, folder);
      for (const [block, group] of scattered(blocks, GROUPS)) yield* of.aboutGroup(block, group);
      for (const [block] of scattered(blocks, 1)) yield* of.aboutEveryone(block);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: changer(of, seed),
  };
}

/** Viewers whom nobody asks about; two numbers below MAX_CHANGES never give the same document the same one. */
function changer(of: Company, seed: number): (index: number) => TupleKey {
  const documents = of.blocks * DOCUMENTS;
  const guests = Math.max(of.blocks * GUESTS, Math.ceil(MAX_CHANGES / documents));
  const step = coprimeTo(documents, 611_953);
  return (index) => {
    const document = (index * step) % documents;
    const guest = (Math.floor(index / documents) + scatter(document, seed + 106, guests)) % guests;
    return {
      objectType: "document",
      objectId: of.document(Math.floor(document / DOCUMENTS), document % DOCUMENTS),
      relation: "viewer",
      subjectType: "user",
      subjectId: of.guest(Math.floor(guest / GUESTS), GUESTS + (guest % GUESTS)),
      subjectRelation: "",
    };
  };
}
