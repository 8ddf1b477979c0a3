import type { CaveatType } from "../model/schema.ts";
import type { Span } from "./expression.ts";
import { formatType, isOpen, type StaticType } from "./static-type.ts";

/** What the checker of one expression carries along. A part with a problem is `any`, so that one mistake is told once. */
export interface Checking {
  readonly parameters: ReadonlyMap<string, CaveatType>;
  report(span: Span, code: string, message: string, hint?: string): void;
}

export function requireCondition(checking: Checking, span: Span, type: StaticType, what: string): void {
  if (!isOpen(type) && type.name !== "bool") {
    checking.report(span, "caveat-type", `${what} must be a condition (bool), this is ${formatType(type)}`);
  }
}
