import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from "kysely";
import type { Tables } from "./tables.ts";

/** Builds statements; it is never connected. Compiling costs 9 µs, so each statement is compiled once and then bound. */
export const sqlBuilder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

type Scalar = string | number | boolean | null;
/** bytea; sent as it is. */
type Bytes = Uint8Array | null;

/**
 * What can be bound. Nothing that pg would have to serialize: were that to fail, it would fail in this process only, and
 * the COMMIT behind it in the pipeline would still go through. JSON is bound as text.
 */
export type Value = Scalar | Bytes | readonly Scalar[];

/** A statement with its values, ready to be sent. `Row` is what comes back. */
export interface Bound<Row = unknown> {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
  /** Never there; carries the type of a row. */
  readonly row?: Row;
}

/** Arguments by name. */
export type Values<Args> = { readonly [Key in keyof Args]: Value };

/** A named SQL statement: prepared once per connection under its name. */
export type Statement<Args, Row> = (args: Args) => Bound<Row>;

/** Stands where a value will be bound, typed as that value. */
export type Arg<Args> = <Key extends keyof Args & string>(key: Key) => Args[Key];

class Placeholder {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

const registered = new Set<string>();

/** Names of all statements the store can send. A test EXPLAINs each; one that nothing exercises fails it. */
export function registeredStatements(): ReadonlySet<string> {
  return registered;
}

/** Defines one statement. Names are unique, at most 63 bytes, and appear in pg_prepared_statements. */
export function statement<Args extends Values<Args>>() {
  return <Row>(name: string, build: (arg: Arg<Args>) => CompiledQuery<Row>): Statement<Args, Row> => {
    if (registered.has(name)) throw new Error(`two statements are called ${name}`);
    registered.add(name);
    return compiled<Args, Row>(name, build);
  };
}

/** Defines a statement for each of `keys`, compiled when it is first needed. */
export function statementFamily<Args extends Values<Args>>() {
  return <Key extends string | number, Row>(
    name: string,
    keys: Iterable<Key>,
    build: (arg: Arg<Args>, key: Key) => CompiledQuery<Row>,
  ): ((key: Key) => Statement<Args, Row>) => {
    const members = new Map<Key, Statement<Args, Row>>();
    const define = statement<Args>();
    for (const key of keys) {
      members.set(
        key,
        define<Row>(`${name}_${key}`, (arg) => build(arg, key)),
      );
    }
    return (key) => {
      const member = members.get(key);
      if (member === undefined) throw new Error(`no statement ${name}_${key}`);
      return member;
    };
  };
}

function compiled<Args extends Values<Args>, Row>(
  name: string,
  build: (arg: Arg<Args>) => CompiledQuery<Row>,
): Statement<Args, Row> {
  let once: CompiledQuery<Row> | undefined;
  const placeholder = <Key extends keyof Args & string>(key: Key): Args[Key] =>
    new Placeholder(key) as unknown as Args[Key];
  return (args) => {
    once ??= build(placeholder);
    const values = once.parameters.map((parameter) =>
      parameter instanceof Placeholder ? args[parameter.key as keyof Args] : (parameter as Value),
    );
    return { name, text: once.sql, values };
  };
}

/** Milliseconds since the epoch of a timestamptz column, rounded down like Date. */
export function epochMs(column: string) {
  return sql<number>`floor(extract(epoch from ${sql.ref(column)}) * 1000)::bigint`;
}

/** timestamptz of milliseconds since the epoch, exactly. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** Tuples of `t` that hold at the instant `now`, a timestamp. */
export function unexpired(arg: (key: "now") => string) {
  return sql<boolean>`(t.expires_at IS NULL OR t.expires_at > ${arg("now")}::timestamptz)`;
}
