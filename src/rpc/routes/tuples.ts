import { TupleService, type TupleUpdate, TupleUpdate_Operation } from "../../gen/relata/v1/tuple_service_pb.ts";
import type { TupleUpdate as ModelUpdate, TupleOperation } from "../../model/store.ts";
import type { Verbs } from "../../service/verbs.ts";
import { readConsistency, readFilter, readIdempotencyKey, readPreconditions, readTuple, writeTuple } from "../wire.ts";
import { badField } from "../wire-fields.ts";
import { readStruct } from "../wire-values.ts";
import { tenantCall } from "./calls.ts";
import { type Route, routesOf } from "./route.ts";

const OPERATIONS: Partial<Record<TupleUpdate_Operation, TupleOperation>> = {
  [TupleUpdate_Operation.CREATE]: "create",
  [TupleUpdate_Operation.TOUCH]: "touch",
  [TupleUpdate_Operation.DELETE]: "delete",
};

export function tupleRoutes(
  verbs: Pick<Verbs, "writeTuples" | "deleteTuples" | "readTuples" | "exportTuples">,
): readonly Route[] {
  return routesOf(TupleService, tenantCall, {
    write: (call, request) => {
      call.charge(request.updates.length - 1);
      return verbs.writeTuples(call, {
        updates: request.updates.map((update, index) => readUpdate(update, `updates[${index}]`)),
        ...readWriteOptions(request),
      });
    },
    delete: async (call, request) => {
      const { deleted, ...answer } = await verbs.deleteTuples(call, {
        filter: readFilter(request.filter, "filter"),
        limit: request.limit,
        allowPartial: request.allowPartial,
        ...readWriteOptions(request),
      });
      return { ...answer, deleted: BigInt(deleted) };
    },
    read: async function* (call, request) {
      const pages = verbs.readTuples(call, {
        filter: readFilter(request.filter, "filter"),
        consistency: readConsistency(request.consistency),
        limit: request.limit,
        cursor: request.cursor,
      });
      for await (const { tuples, cursorAfter, consistencyToken } of pages)
        for (const tuple of tuples) yield { tuple: writeTuple(tuple), cursor: cursorAfter(tuple), consistencyToken };
    },
    export: async function* (call, { consistency, cursor }) {
      for await (const page of verbs.exportTuples(call, { consistency: readConsistency(consistency), cursor }))
        yield { ...page, tuples: page.tuples.map(writeTuple) };
    },
  });
}

type WriteOptions = Parameters<typeof readPreconditions>[0];

function readWriteOptions(request: {
  readonly preconditions: WriteOptions;
  readonly idempotencyKey: string;
  readonly metadata?: Parameters<typeof readStruct>[0];
}) {
  const metadata = readStruct(request.metadata, "metadata");
  return {
    preconditions: readPreconditions(request.preconditions),
    idempotencyKey: readIdempotencyKey(request.idempotencyKey),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function readUpdate({ operation, tuple }: TupleUpdate, field: string): ModelUpdate {
  const read = OPERATIONS[operation];
  if (read === undefined)
    throw badField(
      "INVALID_REQUEST",
      `${field}.operation`,
      "must be OPERATION_CREATE, OPERATION_TOUCH or OPERATION_DELETE",
    );
  return { operation: read, tuple: readTuple(tuple, `${field}.tuple`) };
}
