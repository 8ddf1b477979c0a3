import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { TenantCall } from "../../src/service/call.ts";
import { type Audience, askCheck, askResources, askSubjects, type LookupOptions } from "./ask.ts";
import type { Drained } from "./lookup-pages.ts";
import type { Service } from "./service.ts";

/** What a question is asked with. */
export interface Asked extends LookupOptions {
  readonly context?: JsonObject;
  readonly contextual?: readonly string[];
  /** Instead of the service's own instant. */
  readonly nowMs?: number;
}

/** A small world of its own, asked in text and answering in text. */
export interface Scene {
  readonly call: TenantCall;
  /** `document:1#view@user:anne` → `allowed`, `conditional [day]`, or an error's reason. */
  check(question: string, asked?: Asked): Promise<string>;
  /** Each question with a context of its own, or none. */
  batch(items: readonly (string | readonly [string, JsonObject])[], asked?: Asked): Promise<readonly string[]>;
  /** `document#view@user:anne` → `1 2=conditional`. */
  resources(question: string, asked?: Asked): Promise<string>;
  /** `document:1#view@user` or `…@group#member` → `*=allowed ben=denied`. */
  subjects(question: string, asked?: Asked): Promise<string>;
  write(...tuples: readonly string[]): Promise<void>;
}

export async function openScene(service: Service, text: string, tuples: readonly string[]): Promise<Scene> {
  const call = await service.enter({ text, tuples: tuples.map(parseTuple) });
  const desk = ({ context = {}, contextual = [], nowMs = call.nowMs }: Asked = {}) => ({
    verbs: service.verbs,
    call: { ...call, nowMs },
    context,
    contextualTuples: contextual.map(parseTuple),
  });
  return {
    call,
    check: async (question, asked) => showOutcome(await askCheck(desk(asked), questionOf(question))),
    batch: async (items, asked = {}) => {
      const pairs = items.map((item) => (typeof item === "string" ? ([item, {}] as const) : item));
      const { verbs, call: at, contextualTuples } = desk(asked);
      const { results } = await verbs.batchCheck(at, {
        items: pairs.map(([text, context]) => {
          const { object, member: permission, subject } = questionOf(text);
          return { object, permission, subject, context };
        }),
        contextualTuples,
        consistency: { kind: "fully_consistent" },
      });
      return results.map(showOutcome);
    },
    resources: async (question, asked = {}) => {
      const [place = "", subject = ""] = question.split("@");
      const [type = "", member = ""] = place.split("#");
      const { object, member: relation } = questionOf(`${subject.includes("#") ? subject : `${subject}#none`}@x:x`);
      const grants = { type, member, subject: { ...object, relation: subject.includes("#") ? relation : "" } };
      return showLookup(await askResources(desk(asked), grants, asked));
    },
    subjects: async (question, asked = {}) => showLookup(await askSubjects(desk(asked), audienceOf(question), asked)),
    write: async (...texts) => {
      const updates = texts.map((one) => ({ operation: "touch" as const, tuple: parseTuple(one) }));
      await service.verbs.writeTuples(call, { updates, preconditions: [], idempotencyKey: "" });
    },
  };
}

export function audienceOf(question: string): Audience {
  const [place = "", kind = ""] = question.split("@");
  const [subjectType = "", subjectRelation = ""] = kind.split("#");
  const { object, member } = questionOf(`${place}@x:x`);
  return { object, member, subjectType, subjectRelation };
}

export function questionOf(text: string) {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(text);
  return {
    object: { type: objectType, id: objectId },
    member: relation,
    subject: { type: subjectType, id: subjectId, relation: subjectRelation },
  };
}

function showOutcome(outcome: Outcome | RelataError): string {
  if (outcome instanceof RelataError) return outcome.reason;
  const { decision } = outcome;
  return decision.kind === "conditional" ? `conditional [${decision.missing}]` : decision.kind;
}

function showLookup({ results, error }: Drained): string {
  const shown = results.map(({ id, decision }) => (decision.kind === "allowed" ? id : `${id}=${decision.kind}`));
  return [...shown, ...(error === undefined ? [] : [error.reason])].join(" ");
}
