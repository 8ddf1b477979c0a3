import type { TupleKey } from "../../src/model/tuple.ts";
import { scatter } from "./arithmetic.ts";
import type { Namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";
import type { WideGroups } from "./wide-groups.ts";

/** Documents that are shared with wide groups, each in one of four ways, which is its number modulo 4. */
export interface WideDocuments extends WideGroups {
  readonly documents: number;
  readonly user: Namer;
  /** In no group: document n is owned by guest 2n and shared with guest 2n + 1; those above are spare. */
  readonly guest: Namer;
  readonly group: Namer;
  readonly document: Namer;
  /** A group of two wide groups and of nobody else. */
  readonly both: string;
}

export const TUPLES_PER_DOCUMENT = 3;
/** The groups in `both`. */
export const BOTH: readonly number[] = [0, 3];

export const WAYS = { widest: 0, within: 1, beside: 2, both: 3 } as const;
const WAY_COUNT = 4;

/** The number of some document that is shared in this way. */
export function documentOfWay(of: WideDocuments, way: keyof typeof WAYS, random: number): number {
  const count = Math.floor((of.documents - WAYS[way] - 1) / WAY_COUNT) + 1;
  return (random % count) * WAY_COUNT + WAYS[way];
}

/** The group that edits a document which the outer group may view. */
export function editingGroup(of: WideDocuments, document: number): number {
  return 1 + scatter(document, 303, of.groups.length - 1);
}

/** The two that view a document side by side: never the widest, nor the one that holds it. */
export function besideGroups(of: WideDocuments, document: number): readonly [number, number] {
  const choice = of.groups.length - 2;
  const first = scatter(document, 304, choice);
  const second = (first + 1 + scatter(document, 305, choice - 1)) % choice;
  return [2 + first, 2 + second];
}

export function aboutDocument(of: WideDocuments, document: number): readonly TupleKey[] {
  const id = of.document(document);
  const guest = (relation: string) => userOn("document", id, relation, of.guest(2 * document + 1));
  const group = (relation: string, name: string) => objectOn("document", id, relation, "group", name, "member");
  const owner = userOn("document", id, "owner", of.guest(2 * document));
  switch (document % WAY_COUNT) {
    case WAYS.widest:
      return [owner, group("viewer", of.group(0)), guest("viewer")];
    case WAYS.within:
      return [owner, group("viewer", of.group(1)), group("editor", of.group(editingGroup(of, document)))];
    case WAYS.beside:
      return [owner, ...besideGroups(of, document).map((one) => group("viewer", of.group(one)))];
    default:
      return [owner, group("viewer", of.both), guest("editor")];
  }
}

export function* aboutGroup(of: WideDocuments, group: number): Iterable<TupleKey> {
  const id = of.group(group);
  const { size = 0, within = [] } = of.groups[group] ?? {};
  for (let number = 0; number < size; number += 1)
    yield userOn("group", id, "member", of.user(of.member(group, number)));
  for (const inner of within) yield objectOn("group", id, "member", "group", of.group(inner), "member");
}

export function aboutBoth(of: WideDocuments): readonly TupleKey[] {
  return BOTH.map((inner) => objectOn("group", of.both, "member", "group", of.group(inner), "member"));
}
