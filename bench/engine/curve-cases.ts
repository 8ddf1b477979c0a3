import {
  documentsInFolders,
  emptyGroups,
  folderChain,
  type Graph,
  groupChain,
  manyDocuments,
  manyViewers,
} from "../growth/graphs.ts";
import { type Ask, lookupResources, lookupSubjects } from "../growth/questions.ts";

/** A cost that is drawn against what grows. */
export interface CurveCase {
  /** In the names of figures. */
  readonly name: string;
  readonly what: string;
  readonly by: "depth" | "width" | "results";
  readonly graph: Graph;
  /** `check`: may anne view document:d? */
  readonly ask: Ask | "check";
  /** How many results are right. */
  readonly expected: (n: number) => number;
}

export interface CurveAmounts {
  readonly depth: readonly number[];
  readonly width: readonly number[];
  readonly results: readonly number[];
  /** For how long each point is asked. */
  readonly pointMs: number;
  /** Of the list that is walked from end to end. */
  readonly scanRows: number;
}

const one = () => 1;
const none = () => 0;
const all = (n: number) => n;

/** Graphs and questions of `npm run bench -- growth`, asked of a tenant in memory. */
export const CURVE_CASES: readonly CurveCase[] = [
  {
    name: "check_folders",
    what: "Check, folders in each other",
    by: "depth",
    graph: folderChain,
    ask: "check",
    expected: one,
  },
  {
    name: "check_groups",
    what: "Check, groups in each other",
    by: "depth",
    graph: groupChain,
    ask: "check",
    expected: one,
  },
  {
    name: "check_wide_groups",
    what: "Check, groups beside each other",
    by: "width",
    graph: emptyGroups,
    ask: "check",
    expected: none,
  },
  {
    name: "check_members",
    what: "Check, members beside each other",
    by: "width",
    graph: manyViewers,
    ask: "check",
    expected: none,
  },
  {
    name: "resources",
    what: "LookupResources, objects shared one by one",
    by: "results",
    graph: manyDocuments,
    ask: lookupResources("open"),
    expected: all,
  },
  {
    name: "resources_in_folders",
    what: "LookupResources, objects in ten folders",
    by: "results",
    graph: documentsInFolders,
    ask: lookupResources("open"),
    expected: all,
  },
  {
    name: "resources_checked",
    what: "LookupResources, each result checked",
    by: "results",
    graph: manyDocuments,
    ask: lookupResources("view"),
    expected: all,
  },
  {
    name: "subjects",
    what: "LookupSubjects, of one object",
    by: "results",
    graph: manyViewers,
    ask: lookupSubjects("view"),
    expected: all,
  },
];
