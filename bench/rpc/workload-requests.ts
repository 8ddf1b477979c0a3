import { fromJson, toBinary } from "@bufbuild/protobuf";
import { LookupResourcesRequestSchema } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { WriteRequestSchema } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import type { TupleKey } from "../../src/model/tuple.ts";
import type { LoadRequest } from "../load/target.ts";
import type { KnownLookup, Workload } from "../workloads/workload.ts";
import { grpcCheck } from "./check-requests.ts";
import type { FilledWorkload } from "./workload-tenants.ts";

export const WRITE_PATH = "/relata.v1.TupleService/Write";
const LOOKUP_PATH = "/relata.v1.AuthorizationService/LookupResources";
/** Each is written, and taken away again a while later. */
const CHANGES = 1_000;
/** Field 1, of bytes: the consistency token. */
const TOKEN_FIELD = Uint8Array.of(0x0a);

/** One caller for each tenant, by number. */
export type Callers = readonly LoadRequest["headers"][];

/** Checks, and between them as many writes as the workload has. */
export function workloadRequests({ work, questions }: FilledWorkload, callers: Callers): readonly LoadRequest[] {
  const checks = questions.map((known) => grpcCheck(known, callers[known.tenant ?? 0] as LoadRequest["headers"]));
  const { writeShare = 0 } = work;
  if (writeShare === 0) return checks;
  const writes = changes(work, callers[0] as LoadRequest["headers"]);
  const mixed: LoadRequest[] = [];
  let written = 0;
  // Until each change has been written and taken away once.
  for (let turn = 0; written < writes.length; turn += 1) {
    const isWrite = Math.floor((turn + 1) * writeShare) > Math.floor(turn * writeShare);
    if (isWrite) mixed.push(writes[written++] as LoadRequest);
    else mixed.push(checks[(turn - written) % checks.length] as LoadRequest);
  }
  return mixed;
}

function changes(work: Workload, headers: LoadRequest["headers"]): readonly LoadRequest[] {
  return ["OPERATION_TOUCH", "OPERATION_DELETE"].flatMap((operation) =>
    Array.from({ length: CHANGES }, (_, index) => ({
      path: WRITE_PATH,
      headers,
      body: toBinary(
        WriteRequestSchema,
        fromJson(WriteRequestSchema, { updates: [{ operation, tuple: wireTuple(work.change(index)) }] }),
      ),
      answer: { kind: "prefix", bytes: TOKEN_FIELD },
    })),
  );
}

function wireTuple({ objectType, objectId, relation, subjectType, subjectId, subjectRelation }: TupleKey) {
  return {
    object: { type: objectType, id: objectId },
    relation,
    subject: { object: { type: subjectType, id: subjectId }, relation: subjectRelation },
  };
}

/** Lists in tenant 0, each as long as is known; one without results looks like a call that failed, so it is left to `verifyLookups`. */
export function lookupRequests(lookups: readonly KnownLookup[], callers: Callers): readonly LoadRequest[] {
  const tellable = lookups.filter(({ results }) => results.length > 0);
  return tellable.map((known) => ({
    path: LOOKUP_PATH,
    headers: callers[0] as LoadRequest["headers"],
    body: toBinary(LookupResourcesRequestSchema, fromJson(LookupResourcesRequestSchema, wireLookup(known))),
    answer: { kind: "messages", count: known.results.length },
  }));
}

export function wireLookup({ resourceType, permission, subject: { type, id, relation } }: KnownLookup) {
  return { objectType: resourceType, permission, subject: { object: { type, id }, relation } };
}
