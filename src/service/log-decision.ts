import type { MadeDecision } from "../model/audit.ts";
import type { Decision } from "../model/decision.ts";
import type { Revision } from "../model/revision.ts";
import type { TenantCall } from "./call.ts";
import type { VerbDeps } from "./deps.ts";

type AskedQuestion = Pick<MadeDecision, "object" | "permission" | "subject">;

/** What was answered, where the policy wants it kept. Costs a comparison where it does not. */
export function logDecision(
  { decisions }: Pick<VerbDeps, "decisions">,
  call: TenantCall,
  method: "Check" | "BatchCheck",
  { object, permission, subject }: AskedQuestion,
  answer: { readonly kind: Decision["kind"]; readonly revision: Revision },
): void {
  if (decisions === undefined || !decisions.wants(answer.kind)) return;
  decisions.record({
    tenantId: call.tenant.id,
    decidedAtMs: call.nowMs,
    method,
    actor: call.principal.actor,
    requestId: call.requestId,
    object,
    permission,
    subject,
    outcome: answer.kind,
    revision: answer.revision,
  });
}
