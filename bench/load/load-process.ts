// The load generator in a process of its own: its garbage is not the server's, nor is the server's its own.
import { answerParent } from "./child.ts";
import { type LoadOptions, type LoadResult, runLoad } from "./load.ts";
import type { LoadTarget } from "./target.ts";

export type LoadOrder =
  | { readonly what: "learn"; readonly set: string; readonly target: LoadTarget }
  | { readonly what: "forget"; readonly set: string }
  | { readonly what: "run"; readonly set: string; readonly options: LoadOptions };

const targets = new Map<string, LoadTarget>();

async function answer(order: LoadOrder): Promise<LoadResult | undefined> {
  if (order.what === "learn") targets.set(order.set, order.target);
  else if (order.what === "forget") targets.delete(order.set);
  else {
    const target = targets.get(order.set);
    if (target === undefined) throw new Error(`nobody has taught the load generator ${order.set}`);
    return await runLoad(target, order.options);
  }
  return undefined;
}

// Whatever still waits for an answer waits for nothing.
answerParent(answer, () => process.exit());
