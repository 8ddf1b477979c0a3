import type { v1 } from "@authzed/authzed-node";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import type { PeerConsistency } from "./peer.ts";
import type { SpiceDbSdk } from "./spicedb-client.ts";
import { idOf, tenantPrefix } from "./spicedb-ids.ts";

/** A tuple as SpiceDB has it. @param tenant what ids begin with */
export function relationshipOf(sdk: SpiceDbSdk, tuple: Tuple, tenant: string): v1.Relationship {
  const { caveat, expiresAtMs } = tuple;
  return {
    resource: { objectType: tuple.objectType, objectId: idOf(tuple.objectId, tenant) },
    relation: tuple.relation,
    subject: {
      object: { objectType: tuple.subjectType, objectId: idOf(tuple.subjectId, tenant) },
      optionalRelation: tuple.subjectRelation,
    },
    ...(caveat !== undefined && {
      optionalCaveat: { caveatName: caveat.name, context: structOf(sdk, caveat.context) },
    }),
    ...(expiresAtMs !== undefined && {
      optionalExpiresAt: { seconds: String(Math.floor(expiresAtMs / 1000)), nanos: (expiresAtMs % 1000) * 1_000_000 },
    }),
  };
}

export function checkRequestOf(
  sdk: SpiceDbSdk,
  { question: { object, member, subject }, context, tenant }: KnownQuestion,
  { tenants, consistency }: { readonly tenants: number; readonly consistency: PeerConsistency },
): v1.CheckPermissionRequest {
  const prefix = tenantPrefix(tenants, tenant);
  return sdk.CheckPermissionRequest.create({
    consistency: {
      requirement:
        consistency === "minimize_latency"
          ? { oneofKind: "minimizeLatency", minimizeLatency: true }
          : { oneofKind: "fullyConsistent", fullyConsistent: true },
    },
    resource: { objectType: object.type, objectId: idOf(object.id, prefix) },
    permission: member,
    subject: {
      object: { objectType: subject.type, objectId: idOf(subject.id, prefix) },
      optionalRelation: subject.relation,
    },
    ...(context !== undefined && { context: structOf(sdk, context) }),
  });
}

function structOf(sdk: SpiceDbSdk, value: JsonObject): v1.PbStruct {
  return sdk.PbStruct.fromJson(structuredClone(value) as Parameters<typeof sdk.PbStruct.fromJson>[0]);
}
