import { LRUCache } from "lru-cache";
import { compileSchema } from "../dsl/compile.ts";
import { RelataError } from "../errors.ts";
import type { Head } from "../model/revision.ts";
import type { Schema } from "../model/schema.ts";
import type { SchemaStore } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";

/** The compiled schema of a tenant at a revision. SCHEMA_NOT_FOUND before the first one was written. */
export interface CompiledSchemas {
  (tenant: TenantPlace, head: Head): Promise<Schema>;
  /** Without waiting; undefined when it is not compiled yet. */
  readonly now: (head: Head) => Schema | undefined;
}

/** A compiled schema takes a few hundred kB at the most; versions are immutable, so entries never go stale. */
const MAX_SCHEMAS = 1000;

export function createCompiledSchemas(schemas: SchemaStore): CompiledSchemas {
  const compiled = new LRUCache<string, Compiling>({ max: MAX_SCHEMAS });
  const compile = (tenant: TenantPlace, head: Head): Promise<Schema> => {
    if (head.schemaVersion === 0) return Promise.reject(noSchemaYet());
    const key = keyOf(head);
    const known = compiled.get(key);
    if (known !== undefined) return known.promise;
    const entry: Compiling = { promise: load(schemas, tenant, head), schema: undefined };
    compiled.set(key, entry);
    entry.promise.then(
      (schema) => {
        entry.schema = schema;
      },
      () => {
        if (compiled.peek(key) === entry) compiled.delete(key);
      },
    );
    return entry.promise;
  };
  return Object.assign(compile, { now: (head: Head) => compiled.get(keyOf(head))?.schema });
}

interface Compiling {
  readonly promise: Promise<Schema>;
  /** Once it is there. */
  schema: Schema | undefined;
}

function keyOf({ schemaVersion, schemaName }: Head): string {
  return `${schemaVersion}@${schemaName}`;
}

async function load(schemas: SchemaStore, tenant: TenantPlace, head: Head): Promise<Schema> {
  const stored = await schemas.read(tenant, head.schemaVersion);
  if (stored === undefined) throw new Error(`schema ${head.schemaName} has no stored version ${head.schemaVersion}`);
  const { schema, diagnostics } = compileSchema(stored.text);
  if (schema === undefined)
    throw new Error(
      `stored schema ${head.schemaName} ${head.schemaVersion} does not compile: ${diagnostics[0]?.message}`,
    );
  return schema;
}

export function noSchemaYet(): RelataError {
  return new RelataError(
    "SCHEMA_NOT_FOUND",
    "this tenant has no schema yet; write one with SchemaService.Write or `relata schema push`",
  );
}
