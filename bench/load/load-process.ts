// The load generator in a process of its own: its garbage is not the server's, nor is the server's its own.
import { answerParent } from "./child.ts";
import { type LoadOptions, type LoadQuestion, type LoadResult, runLoad } from "./load.ts";

export type LoadOrder =
  | { readonly what: "learn"; readonly set: string; readonly questions: readonly LoadQuestion[] }
  | ({ readonly what: "run"; readonly set: string } & Omit<LoadOptions, "questions">);

const sets = new Map<string, readonly LoadQuestion[]>();

async function answer(order: LoadOrder): Promise<LoadResult | undefined> {
  if (order.what === "run") return runLoad({ ...order, questions: sets.get(order.set) ?? [] });
  sets.set(order.set, order.questions);
  return undefined;
}

answerParent(answer, () => undefined);
