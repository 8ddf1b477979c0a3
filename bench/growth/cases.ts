import {
  documentsInFolders,
  emptyGroups,
  folderChain,
  type Graph,
  groupChain,
  manyBanned,
  manyDocuments,
  manyGroups,
  manyViewers,
  orderedFolders,
} from "./graphs.ts";
import { type Ask, batchOfAll, batchOfTen, check, expand, lookupResources, lookupSubjects } from "./questions.ts";

export interface GrowthCase {
  readonly verb: "Check" | "BatchCheck" | "LookupResources" | "LookupSubjects" | "Expand";
  readonly grows: "depth" | "width" | "results";
  /** What the graph is. */
  readonly what: string;
  readonly graph: Graph;
  readonly ask: Ask;
  /** How many results there must be: a bench of wrong answers measures nothing. Undefined where only their growth is known. */
  readonly expected: ((n: number) => number) | undefined;
  /** Where to start looking for the smallest `n`; each next one is twice as large. */
  readonly from: number;
}

const one = () => 1;
const all = (n: number) => n;

export const CASES: readonly GrowthCase[] = [
  deep("Check", "folders", folderChain, check),
  deep("Check", "groups", groupChain, check),
  wide("Check", "groups", manyGroups, check),
  { ...wide("Check", "groups without anybody", emptyGroups, check), expected: () => 0 },
  deep("BatchCheck", "folders", folderChain, batchOfTen),
  deep("BatchCheck", "groups", groupChain, batchOfTen),
  wide("BatchCheck", "groups", manyGroups, batchOfTen),
  large("BatchCheck", "items", manyDocuments, batchOfAll),
  deep("LookupResources", "folders", folderChain, lookupResources("open")),
  deep("LookupResources", "folders, checked", folderChain, lookupResources("view")),
  deep("LookupResources", "groups", groupChain, lookupResources("open")),
  {
    ...deep("LookupResources", "folders, all of them", orderedFolders, lookupResources("see", "folder")),
    expected: all,
    from: 1_000,
  },
  wide("LookupResources", "groups", manyGroups, lookupResources("open")),
  large("LookupResources", "documents", manyDocuments, lookupResources("open")),
  large("LookupResources", "documents, checked", manyDocuments, lookupResources("view")),
  large("LookupResources", "documents in folders", documentsInFolders, lookupResources("open")),
  deep("LookupSubjects", "folders", folderChain, lookupSubjects("view")),
  deep("LookupSubjects", "groups", groupChain, lookupSubjects("view")),
  { ...wide("LookupSubjects", "groups", manyGroups, lookupSubjects("view")), expected: (n) => n + 1 },
  large("LookupSubjects", "viewers", manyViewers, lookupSubjects("view")),
  { ...large("LookupSubjects", "all but the banned", manyBanned, lookupSubjects("view")), expected: (n) => n + 1 },
  { ...deep("Expand", "folders", folderChain, expand("whole", "view", 0)), expected: undefined },
  { ...deep("Expand", "groups", groupChain, expand("whole", "view", 0)), expected: undefined },
  { ...wide("Expand", "groups", manyGroups, expand("whole", "view", 0)), expected: undefined },
  {
    ...large("Expand", "viewers, in pages of 1,000", manyViewers, expand("one_level", "viewer", 1000)),
    from: 8_000,
    expected: undefined,
  },
];

function deep(verb: GrowthCase["verb"], what: string, graph: Graph, ask: Ask): GrowthCase {
  return { verb, grows: "depth", what, graph, ask, expected: one, from: 500 };
}

function wide(verb: GrowthCase["verb"], what: string, graph: Graph, ask: Ask): GrowthCase {
  return { verb, grows: "width", what, graph, ask, expected: one, from: 1_000 };
}

function large(verb: GrowthCase["verb"], what: string, graph: Graph, ask: Ask): GrowthCase {
  return { verb, grows: "results", what, graph, ask, expected: all, from: 2_000 };
}
