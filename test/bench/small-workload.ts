import type { KnownQuestion, Workload } from "../../bench/workloads/workload.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

interface Small {
  readonly name: string;
  readonly schema: string;
  /** Of each tenant, a tuple a line. */
  readonly tuples: readonly string[];
  readonly allowed: readonly Asked[];
  readonly denied: readonly Asked[];
}

/** `document:1#view@user:anne`, in a context, in a tenant. */
type Asked = string | readonly [text: string, context: JsonObject];

/** A workload that is written down. */
export function smallWorkload(...small: readonly [Small, ...Small[]]): Workload {
  const [{ name, schema }] = small;
  const asked = small.flatMap(({ allowed, denied }, tenant) => [
    ...allowed.map((one) => known(one, true, tenant)),
    ...denied.map((one) => known(one, false, tenant)),
  ]);
  const question = (index: number) => asked[index % asked.length] as KnownQuestion;
  return {
    name,
    about: "a few tuples",
    schema,
    tuples: small.reduce((sum, { tuples }) => sum + tuples.length, 0),
    tenants: small.length,
    generate: (tenant = 0) => (small[tenant]?.tuples ?? []).map(parseTuple),
    question,
    questions: (count) => asked.slice(0, count),
    change: () => parseTuple(small[0].tuples[0] as string),
  };
}

function known(asked: Asked, allowed: boolean, tenant: number): KnownQuestion {
  const [text, context] = typeof asked === "string" ? [asked, undefined] : asked;
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(text);
  return {
    question: {
      object: { type: objectType, id: objectId },
      member: relation,
      subject: { type: subjectType, id: subjectId, relation: subjectRelation },
    },
    allowed,
    kind: text,
    tenant,
    ...(context === undefined ? {} : { context }),
  };
}
