import type { KnownQuestion } from "./workload.ts";

/** With the first known answer turned around: to see that a wrong answer is noticed. */
export function doctor(questions: readonly KnownQuestion[], doctored: boolean): readonly KnownQuestion[] {
  return questions.map((one, index) => (doctored && index === 0 ? { ...one, allowed: !one.allowed } : one));
}
