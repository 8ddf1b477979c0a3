import type pg from "pg";

/**
 * What else stands between the service's role and other tenants' rows, besides row security: privileges that row security
 * does not see (TRUNCATE) or that rewrite the past, relations and functions that run as somebody else, and names that
 * could be answered by another schema.
 */
export async function findSurfaceProblems(client: pg.Client): Promise<readonly string[]> {
  return [
    ...(await findPrivilegeProblems(client)),
    ...(await findRelationProblems(client)),
    ...(await findFunctionProblems(client)),
    ...(await findPathProblems(client)),
  ];
}

/**
 * Where a migration lets the service remove rows. Everywhere else rows are closed, superseded or kept: history cannot be
 * taken back by whoever takes over the service. A migration that grants DELETE names its table here.
 */
const DELETABLE: ReadonlySet<string> = new Set([
  "workload_binding",
  "oauth_client",
  "oauth_client_secret",
  "refresh_family",
  "refresh_token",
]);
/** Where a migration lets the service change any column. Everywhere else UPDATE is granted by column. */
const REWRITABLE: ReadonlySet<string> = new Set([]);
/** Functions that run as their owner and that a migration grants to the service. */
const TRUSTED_FUNCTIONS: ReadonlySet<string> = new Set(["ensure_audit_partitions", "lock_audit_chain"]);

/** has_table_privilege counts what comes by membership and by PUBLIC; of UPDATE, only the grant on the whole table. */
const PRIVILEGES = `
  SELECT c.relname AS name,
    has_table_privilege(c.oid, 'TRUNCATE') AS truncate, has_table_privilege(c.oid, 'TRIGGER') AS trigger,
    has_table_privilege(c.oid, 'REFERENCES') AS "references", has_table_privilege(c.oid, 'DELETE') AS delete,
    has_table_privilege(c.oid, 'UPDATE') AS update
  FROM pg_class c
  WHERE c.relnamespace = 'relata'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  ORDER BY c.relname`;

type PrivilegeRow = { readonly name: string } & Readonly<
  Record<"truncate" | "trigger" | "references" | "delete" | "update", boolean>
>;

async function findPrivilegeProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<PrivilegeRow>(PRIVILEGES);
  return rows.flatMap((row) => {
    const held = [
      ...(row.truncate ? ["TRUNCATE"] : []),
      ...(row.trigger ? ["TRIGGER"] : []),
      ...(row.references ? ["REFERENCES"] : []),
      ...(row.delete && !DELETABLE.has(row.name) ? ["DELETE"] : []),
      ...(row.update && !REWRITABLE.has(row.name) ? ["UPDATE of every column"] : []),
    ];
    return held.length === 0
      ? []
      : [`The role may ${held.join(", ")} ${row.name}, which no migration grants; REVOKE it.`];
  });
}

const KIND = { v: "view", m: "materialized view", f: "foreign table" } as const;

/** Views read as their owner, materialized ones keep copies without row security, and so do partitions that nobody checks. */
const RELATIONS = `
  SELECT c.relname AS name, c.relkind::text AS kind, NULL AS schema FROM pg_class c
  WHERE c.relnamespace = 'relata'::regnamespace AND c.relkind IN ('v', 'm', 'f')
  UNION ALL
  SELECT c.relname, c.relkind::text, c.relnamespace::regnamespace::text FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relnamespace = 'relata'::regnamespace AND c.relnamespace <> p.relnamespace AND c.relkind IN ('r', 'p', 'f')
  ORDER BY 1`;

async function findRelationProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; kind: string; schema: string | null }>(RELATIONS);
  return rows.map(({ name, kind, schema }) =>
    schema === null
      ? `Schema relata holds a ${KIND[kind as keyof typeof KIND]}, ${name}, which row security does not bind; drop it.`
      : `${schema}.${name} holds rows of a table of relata outside its schema; detach it.`,
  );
}

const FUNCTIONS = `
  SELECT p.proname AS name FROM pg_proc p
  WHERE p.pronamespace = 'relata'::regnamespace AND p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE')
  ORDER BY 1`;

async function findFunctionProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(FUNCTIONS);
  return rows
    .filter(({ name }) => !TRUSTED_FUNCTIONS.has(name))
    .map(
      ({ name }) => `The role may execute ${name}, which runs as its owner and which no migration grants; REVOKE it.`,
    );
}

/**
 * Tables are named with their schema everywhere. Functions and operators are not: they must be PostgreSQL's own, which come
 * first unless the path names pg_catalog further back. A schema for temporary tables is never asked for functions.
 */
async function findPathProblems(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ schemas: string[]; creates: boolean }>(
    `SELECT current_schemas(true)::text[] AS schemas,
       has_schema_privilege('relata', 'CREATE') AS creates`,
  );
  const [first = "none"] = rows[0]?.schemas.filter((name) => !name.startsWith("pg_temp")) ?? [];
  return [
    ...(first === "pg_catalog"
      ? []
      : [`search_path puts ${first} before pg_catalog: run ALTER ROLE … RESET search_path.`]),
    ...(rows[0]?.creates === true ? ["The role may create objects in schema relata; REVOKE it."] : []),
  ];
}
