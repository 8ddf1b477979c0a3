import { caveats } from "./caveats.ts";
import { code } from "./code.ts";
import { documents } from "./documents.ts";
import { exclusion } from "./exclusion.ts";
import { fanout } from "./fanout.ts";
import { hot } from "./hot.ts";
import { saas } from "./saas.ts";
import { wide } from "./wide.ts";
import type { Workload } from "./workload.ts";
import { writes } from "./writes.ts";

/** Makes a workload of about so many tuples. */
export type MakeWorkload = (tuples: number) => Workload;

/** All that there are, by name, in the order in which they are shown. */
export const WORKLOADS = {
  documents,
  code,
  saas,
  wide,
  hot,
  exclusion,
  caveats,
  fanout,
  writes,
} as const satisfies Readonly<Record<string, MakeWorkload>>;

export type WorkloadName = keyof typeof WORKLOADS;
export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];
