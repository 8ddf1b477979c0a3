import { formatSubject, type SubjectRef, WILDCARD_ID } from "../../model/object.ts";

/**
 * Sets of subjects as `validation:` blocks state them: caveats are not evaluated, only kept in mind. A subject is in such
 * a set surely or, for caveats, perhaps; what stands for everybody keeps its exceptions. With 0, 1, 2 for not, perhaps
 * and surely, `and` is min, `or` is max and `not` is 2 - x.
 */
export interface Entry {
  readonly surely: boolean;
  /** `document:1#viewer`: the relations whose tuples name the subject. */
  readonly parents: ReadonlySet<string>;
}

export interface Everybody extends Entry {
  readonly except: ReadonlyMap<string, Entry>;
}

/** The subjects of one type and relation, by id. */
export interface KindSet {
  readonly named: ReadonlyMap<string, Entry>;
  readonly everybody?: Everybody;
}

/** By `type#relation`, `type#` for objects themselves. */
export type SubjectSet = ReadonlyMap<string, KindSet>;

export const NOBODY: SubjectSet = new Map();

export function only({ type, id, relation }: SubjectRef, surely: boolean, parent: string): SubjectSet {
  const entry = { surely, parents: new Set([parent]) };
  const everybody = { ...entry, except: new Map() };
  const kind = id === WILDCARD_ID ? { named: new Map(), everybody } : { named: new Map([[id, entry]]) };
  return new Map([[`${type}#${relation}`, kind]]);
}

/** What is found only behind a tuple that has a caveat. */
export function perhaps(set: SubjectSet): SubjectSet {
  const doubt = <E extends Entry>(entry: E): E => ({ ...entry, surely: false });
  const kinds = [...set].map(([kind, { named, everybody }]): [string, KindSet] => {
    const doubted = new Map([...named].map(([id, entry]) => [id, doubt(entry)]));
    return [kind, { named: doubted, ...(everybody && { everybody: doubt(everybody) }) }];
  });
  return new Map(kinds);
}

function union(a: SubjectSet, b: SubjectSet): SubjectSet {
  const result = new Map(a);
  for (const [kind, set] of b) {
    const before = result.get(kind);
    result.set(kind, before === undefined ? set : unionOfKind(before, set));
  }
  return result;
}

/** In pairs: a relation of 100,000 tuples is not copied 100,000 times. */
export function unionOf(sets: readonly SubjectSet[]): SubjectSet {
  let level = sets;
  while (level.length > 1) {
    const pairs: SubjectSet[] = [];
    for (let at = 0; at < level.length; at += 2) pairs.push(union(level[at] ?? NOBODY, level[at + 1] ?? NOBODY));
    level = pairs;
  }
  return level[0] ?? NOBODY;
}

export function intersection(a: SubjectSet, b: SubjectSet): SubjectSet {
  const result = new Map<string, KindSet>();
  for (const [kind, set] of a) {
    const other = b.get(kind);
    if (other !== undefined) result.set(kind, intersectionOfKind(set, other));
  }
  return result;
}

export function difference(a: SubjectSet, b: SubjectSet): SubjectSet {
  const result = new Map<string, KindSet>();
  for (const [kind, set] of a) result.set(kind, differenceOfKind(set, b.get(kind)));
  return result;
}

function bothOf(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a, ...b]);
}

function or(a: Entry | undefined, b: Entry | undefined): Entry | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { surely: a.surely || b.surely, parents: bothOf(a.parents, b.parents) };
}

function unionOfKind(a: KindSet, b: KindSet): KindSet {
  const named = new Map(a.named);
  for (const [id, entry] of b.named) named.set(id, or(named.get(id), entry) ?? entry);
  const everybody = unionOfAll(a.everybody, b.everybody);
  return { named, ...(everybody && { everybody: { ...everybody, except: stillExcepted(everybody.except, named) } }) };
}

function unionOfAll(a: Everybody | undefined, b: Everybody | undefined): Everybody | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const except = new Map<string, Entry>();
  for (const id of new Set([...a.except.keys(), ...b.except.keys()])) {
    const [x, y] = [a.except.get(id), b.except.get(id)];
    if (x !== undefined && y !== undefined) {
      except.set(id, { surely: x.surely && y.surely, parents: bothOf(x.parents, y.parents) });
      continue;
    }
    // Excepted from the one that is sure, and in the other only perhaps: not surely in the union, as all others are.
    const [own, other] = x === undefined ? [b, a] : [a, b];
    if (own.surely && !other.surely) except.set(id, { surely: false, parents: (x ?? y)?.parents ?? new Set() });
  }
  return { surely: a.surely || b.surely, parents: bothOf(a.parents, b.parents), except };
}

/** Who is named is no exception any more, or less surely one. */
function stillExcepted(
  except: ReadonlyMap<string, Entry>,
  named: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, Entry> {
  const result = new Map<string, Entry>();
  for (const [id, exception] of except) {
    const entry = named.get(id);
    if (entry === undefined) result.set(id, exception);
    else if (!entry.surely) result.set(id, { surely: false, parents: bothOf(exception.parents, entry.parents) });
  }
  return result;
}

function intersectionOfKind(a: KindSet, b: KindSet): KindSet {
  const named = new Map<string, Entry>();
  for (const id of new Set([...a.named.keys(), ...b.named.keys()])) {
    const [x, y] = [a.named.get(id), b.named.get(id)];
    const both = x && y && { surely: x.surely && y.surely, parents: bothOf(x.parents, y.parents) };
    const entry = or(both, or(amongAll(id, x, b.everybody), amongAll(id, y, a.everybody)));
    if (entry !== undefined) named.set(id, entry);
  }
  if (a.everybody === undefined || b.everybody === undefined) return { named };
  const except = new Map(a.everybody.except);
  for (const [id, exception] of b.everybody.except) except.set(id, or(except.get(id), exception) ?? exception);
  const surely = a.everybody.surely && b.everybody.surely;
  return { named, everybody: { surely, parents: bothOf(a.everybody.parents, b.everybody.parents), except } };
}

/** Somebody named, where everybody is asked for. */
function amongAll(id: string, entry: Entry | undefined, everybody: Everybody | undefined): Entry | undefined {
  if (entry === undefined || everybody === undefined) return undefined;
  const exception = everybody.except.get(id);
  if (exception?.surely === true) return undefined;
  if (exception === undefined && everybody.surely) return entry;
  const parents = bothOf(entry.parents, everybody.parents);
  return { surely: false, parents: exception === undefined ? parents : bothOf(parents, exception.parents) };
}

function differenceOfKind(a: KindSet, b: KindSet | undefined): KindSet {
  if (b === undefined) return a;
  const named = new Map(a.named);
  const except = new Map(a.everybody?.except);
  for (const [id, gone] of b.named) {
    const entry = named.get(id);
    if (gone.surely) named.delete(id);
    else if (entry !== undefined) named.set(id, { surely: false, parents: bothOf(entry.parents, gone.parents) });
    except.set(id, or(except.get(id), gone) ?? gone);
  }
  const left = a.everybody && { ...a.everybody, except };
  return b.everybody === undefined ? { named, ...(left && { everybody: left }) } : withoutAll(named, left, b.everybody);
}

/** Without everybody only those are left who are excepted there. */
function withoutAll(named: Map<string, Entry>, left: Everybody | undefined, gone: Everybody): KindSet {
  for (const [id, entry] of named) {
    const exception = gone.except.get(id);
    if (exception?.surely === true) continue;
    if (exception === undefined && gone.surely) named.delete(id);
    else named.set(id, { ...entry, surely: false });
  }
  if (left === undefined) return { named };
  for (const [id, exception] of gone.except) {
    const excepted = left.except.get(id);
    if (excepted?.surely === true) continue;
    const surely = left.surely && gone.surely && exception.surely && excepted === undefined;
    const entry = { surely, parents: exception.parents };
    named.set(id, or(named.get(id), entry) ?? entry);
  }
  if (gone.surely) return { named };
  return { named, everybody: { ...left, surely: false, parents: bothOf(left.parents, gone.parents) } };
}

/** By subject (`user:anne`, `group:eng#member`, `user:*`) the line that a `validation:` block has for it. */
export function linesOfSet(set: SubjectSet): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const [kind, { named, everybody }] of set) {
    const [type = "", relation = ""] = kind.split("#");
    const subject = (id: string) => formatSubject({ type, id, relation });
    for (const [id, entry] of named) lines.set(subject(id), lineOf(subject(id), entry));
    if (everybody !== undefined) lines.set(subject(WILDCARD_ID), lineOf(subject(WILDCARD_ID), everybody, subject));
  }
  return new Map([...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function lineOf(name: string, entry: Entry | Everybody, subject?: (id: string) => string): string {
  const except = "except" in entry ? [...entry.except] : [];
  const exceptions = except.map(([id, { surely }]) => ({ subject: subject?.(id) ?? id, caveated: !surely }));
  return formatLine({ subject: name, caveated: !entry.surely, exceptions, parents: [...entry.parents] });
}

/** What a line of a `validation:` block says. */
export interface LineParts {
  readonly subject: string;
  readonly caveated: boolean;
  readonly exceptions: readonly { readonly subject: string; readonly caveated: boolean }[];
  readonly parents: readonly string[];
}

/** Equal texts say the same: parents and exceptions are sorted. */
export function formatLine({ subject, caveated, exceptions, parents }: LineParts): string {
  const flagged = (name: string, flag: boolean) => `${name}${flag ? "[...]" : ""}`;
  const but = exceptions.map((one) => flagged(one.subject, one.caveated)).toSorted();
  const except = but.length === 0 ? "" : ` - {${but.join(", ")}}`;
  const places = [...new Set(parents)].toSorted().map((parent) => `<${parent}>`);
  return `[${flagged(subject, caveated)}${except}] is ${places.join("/")}`;
}
