import { diffSchemas } from "../dsl/diff.ts";
import type { SchemaChange } from "../dsl/schema-change.ts";
import type { Revision } from "../model/revision.ts";
import type { StrandProbe } from "../model/store.ts";
import { isStranded } from "../model/strand-probe.ts";
import type { Tuple, TupleKey } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import { compileOrThrow, requireSchemaSize } from "./compile-text.ts";
import { currentSchema } from "./current-schema.ts";
import type { VerbDeps } from "./deps.ts";
import { shownTuple } from "./shown-tuple.ts";

export interface ProbedChange extends SchemaChange {
  /** The key of a stored tuple that stands in the way, as far as the caller may see it; empty when none was found. */
  readonly exampleTuple: string;
}

export interface DiffSchemaAnswer {
  readonly changes: readonly ProbedChange[];
  readonly currentVersion: number;
}

export type DiffSchema = (call: TenantCall, request: { readonly text: string }) => Promise<DiffSchemaAnswer>;

/** What a text would change against the current schema, each breaking change with a tuple it would strand. */
export function createDiffSchema(deps: VerbDeps): DiffSchema {
  return async (call, { text }) => {
    requireSchemaSize(text, deps.limits.maxSchemaBytes);
    const { schema } = compileOrThrow(text);
    const { head, schema: before } = await currentSchema(deps, call.tenant);
    const changes: ProbedChange[] = [];
    for (const change of diffSchemas(before, schema))
      changes.push({ ...change, exampleTuple: await findExample(deps, call, head.revision, change.strands) });
    return { changes, currentVersion: head.schemaVersion };
  };
}

async function findExample(
  deps: VerbDeps,
  call: TenantCall,
  revision: Revision,
  strands: readonly StrandProbe[],
): Promise<string> {
  for (const probe of strands) {
    const found = await findStranded(deps, call, revision, probe);
    if (found !== undefined) return shownTuple(call, found);
  }
  return "";
}

/** A filter finds most stranded tuples at once; conditions that filters cannot say are looked at page by page. */
async function findStranded(
  deps: VerbDeps,
  call: TenantCall,
  revision: Revision,
  probe: StrandProbe,
): Promise<Tuple | undefined> {
  const limit = deps.limits.maxReadPage;
  let after: TupleKey | undefined;
  for (;;) {
    const query = {
      revision,
      nowMs: undefined,
      filter: probe.filter,
      limit,
      ...(after === undefined ? {} : { after }),
    };
    const tuples: readonly Tuple[] = await deps.store.tuples.page(call.tenant, query, call.signal);
    const found = tuples.find((tuple) => isStranded(tuple, probe));
    if (found !== undefined || tuples.length < limit) return found;
    after = tuples.at(-1);
  }
}
