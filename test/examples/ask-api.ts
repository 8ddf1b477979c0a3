import type { RelataClient } from "../../src/client/relata-client.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { Ask } from "./ask.ts";

/** Asks a server by BatchCheck over gRPC, at least as fresh as the token. An item that ends in an error fails the test. */
export function askApi(client: RelataClient, consistencyToken: string): Ask {
  const consistency = { requirement: { case: "atLeastAsFresh" as const, value: consistencyToken } };
  return async (questions) => {
    const items = questions.map(({ object, member, subject }) => ({
      object,
      permission: member,
      subject: { object: { type: subject.type, id: subject.id }, relation: subject.relation },
    }));
    const { results } = await client.authorization.batchCheck({ items, consistency });
    return results.map(({ result }) => {
      if (result.case !== "answer") throw new Error(`not an answer: ${JSON.stringify(result.value)}`);
      switch (result.value.decision) {
        case Decision.ALLOWED:
          return true;
        case Decision.DENIED:
          return false;
        default:
          throw new Error(`neither allowed nor denied: decision ${result.value.decision}`);
      }
    });
  };
}
