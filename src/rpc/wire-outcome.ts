import type { MessageInitShape } from "@bufbuild/protobuf";
import { type BatchCheckAnswerSchema, Decision as WireDecision } from "../gen/relata/v1/authorization_service_pb.ts";
import type { Decision, Outcome } from "../model/decision.ts";
import { writeTimestamp } from "./wire-values.ts";

export const WIRE_DECISIONS = {
  allowed: WireDecision.ALLOWED,
  denied: WireDecision.DENIED,
  conditional: WireDecision.CONDITIONAL,
} as const satisfies Record<Decision["kind"], WireDecision>;

/** The three fields that every answer with a decision has. */
export function writeOutcome({ decision, expiresAtMs }: Outcome) {
  return {
    decision: WIRE_DECISIONS[decision.kind],
    missingContext: decision.kind === "conditional" ? [...decision.missing] : [],
    ...(expiresAtMs === undefined ? {} : { expiresAt: writeTimestamp(expiresAtMs) }),
  } satisfies MessageInitShape<typeof BatchCheckAnswerSchema>;
}
