import type { Schema } from "../../src/model/schema.ts";

/** What types, members and caveats of a schema are called in OpenFGA: their own names, but for the few that it does not take. */
export interface OpenFgaNames {
  readonly type: Naming;
  /** Of relations and permissions: one for all types, since an arrow names its target for several. */
  readonly member: Naming;
  readonly condition: Naming;
  /** Of what OpenFGA needs beyond them. @returns a name like this one that nothing has */
  readonly fresh: (wanted: string) => string;
}

type Naming = (name: string) => string;

/** The server refuses both as names of types and of relations. */
const RESERVED = new Set(["self", "this"]);
/** Characters, as the server's protocol bounds them. */
const MAX_TYPE = 254;
const MAX_MEMBER = 50;
const MAX_CONDITION = 50;

export function openFgaNames({ types, members, caveats }: Schema): OpenFgaNames {
  const parameters = [...caveats.values()].flatMap((caveat) => [...caveat.parameters.keys()]);
  const taken = new Set([...caveats.keys(), ...parameters]);
  return {
    type: naming(new Set(types.map(({ name }) => name)), MAX_TYPE),
    member: naming(new Set(members.map(({ name }) => name)), MAX_MEMBER),
    condition: naming(new Set(caveats.keys()), MAX_CONDITION),
    fresh(wanted) {
      const name = unlike(taken, wanted, MAX_CONDITION);
      taken.add(name);
      return name;
    },
  };
}

function naming(names: ReadonlySet<string>, longest: number): Naming {
  const taken = new Set(names);
  const renamed = new Map<string, string>();
  for (const name of names) {
    if (name.length <= longest && !RESERVED.has(name)) continue;
    const other = unlike(taken, `${name}_`, longest);
    taken.add(other);
    renamed.set(name, other);
  }
  return (name) => renamed.get(name) ?? name;
}

function unlike(taken: ReadonlySet<string>, wanted: string, longest: number): string {
  for (let attempt = 1; ; attempt++) {
    const suffix = attempt === 1 ? "" : `${attempt}`;
    const name = wanted.slice(0, longest - suffix.length) + suffix;
    if (!taken.has(name)) return name;
  }
}
