import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Command } from "commander";
import type { TupleFilterSchema } from "../gen/relata/v1/core_pb.ts";

/** Flags that select tuples. */
export interface FilterOptions {
  readonly objectType?: string;
  readonly objectId?: string;
  readonly relation?: string;
  readonly subjectType?: string;
  readonly subjectId?: string;
  readonly subjectRelation?: string;
}

export function filterFlags(command: Command): Command {
  return command
    .optionsGroup("Filter (every flag given must match):")
    .option("--object-type <type>", "tuples of objects of this type")
    .option("--object-id <id>", "tuples of objects with this id")
    .option("--relation <name>", "tuples with this relation")
    .option("--subject-type <type>", "tuples whose subject is of this type")
    .option("--subject-id <id>", "tuples whose subject has this id; * for wildcards")
    .option("--subject-relation <name>", 'tuples whose subject is a relation (#member); "" for those without one')
    .optionsGroup("Options:");
}

export function filterOf(options: FilterOptions): MessageInitShape<typeof TupleFilterSchema> {
  return {
    objectType: options.objectType ?? "",
    objectId: options.objectId ?? "",
    relation: options.relation ?? "",
    subjectType: options.subjectType ?? "",
    subjectId: options.subjectId ?? "",
    ...(options.subjectRelation !== undefined && { subjectRelation: options.subjectRelation }),
  };
}

export function isEmptyFilter(options: FilterOptions): boolean {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = options;
  return [objectType, objectId, relation, subjectType, subjectId, subjectRelation].every((part) => part === undefined);
}
