import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Decision } from "../gen/relata/v1/authorization_service_pb.ts";
import { formatTimestamp } from "../model/timestamp.ts";
import type { Style } from "./style.ts";

const WORDS: Readonly<Record<number, string>> = {
  [Decision.ALLOWED]: "allowed",
  [Decision.DENIED]: "denied",
  [Decision.CONDITIONAL]: "conditional",
};

/** A decision as a message of the API has it. */
export interface ShownDecision {
  readonly decision: Decision;
  readonly missingContext: readonly string[];
  readonly expiresAt?: Timestamp | undefined;
}

export function wordFor(decision: Decision): string {
  return WORDS[decision] ?? "unknown";
}

/** `allowed`, `conditional: needs hour, region`, `denied until 2030-01-01T00:00:00Z`. */
export function decisionText(shown: ShownDecision, style: Style): string {
  const colour = COLOURS[shown.decision] ?? "red";
  return `${style[colour](wordFor(shown.decision))}${conditionsText(shown)}`;
}

const COLOURS: Readonly<Record<number, "green" | "red" | "yellow">> = {
  [Decision.ALLOWED]: "green",
  [Decision.CONDITIONAL]: "yellow",
};

/** What is to be said after the word: until when it holds, and what would settle it. */
function conditionsText({ missingContext, expiresAt }: ShownDecision): string {
  const until = expiresAt === undefined ? "" : ` until ${formatTimestamp(timestampMs(expiresAt))}`;
  return until + (missingContext.length === 0 ? "" : `: needs ${missingContext.join(", ")}`);
}

export function decisionJson({ decision, missingContext, expiresAt }: ShownDecision): Record<string, unknown> {
  return {
    decision: wordFor(decision),
    ...(missingContext.length > 0 && { missingContext }),
    ...(expiresAt !== undefined && { expiresAt: formatTimestamp(timestampMs(expiresAt)) }),
  };
}
