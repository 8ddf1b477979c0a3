import { expect } from "vitest";
import type { Question } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { SubjectRef } from "../../src/model/object.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import type { TenantCall } from "../../src/service/call.ts";
import { agreeOnChecks } from "../agreement/agree-checks.ts";
import { agreeOnTree } from "../agreement/agree-expand.ts";
import { agreeOnResources, type Ways } from "../agreement/agree-resources.ts";
import { agreeOnSubjects } from "../agreement/agree-subjects.ts";
import { drain } from "../agreement/lookup-pages.ts";
import { createRoom, type Room, type Tally } from "../agreement/room.ts";
import type { Service } from "../agreement/service.ts";
import type { CaveatJudge } from "../support/arbitrary-caveats.ts";
import { createOracle } from "../support/oracle.ts";
import { contextsOf, idsOf, objectsOf, type Scenario, subjectsOf } from "./scenario.ts";

/** How much of the cross product is asked. */
export interface Scope {
  /** LookupSubjects and Expand: of every id under every type, or only of objects that tuples or assertions name. */
  readonly objects: "all" | "named";
  readonly pageSizes: readonly number[];
  /** Of the questions of the batch, so many are also asked one by one. */
  readonly single: number;
  /** Of the lookups and trees, every so-and-so-many-th. */
  readonly every: number;
}

const WHOLE: Scope = { objects: "all", pageSizes: [1, 2, 7], single: 100, every: 1 };
const EVERYTHING: Scope = { ...WHOLE, single: Number.POSITIVE_INFINITY };
const NAMED: Scope = { objects: "named", pageSizes: [2], single: 20, every: 1 };
/** Where each call is a round trip or more; 4 and the counts of members have few divisors in common, so all come up. */
export const SAMPLED: Scope = { ...NAMED, single: 10, every: 4 };

/** Without context, and with every context of an assertion. */
export function wholeProduct(scenario: Scenario): readonly (readonly [JsonObject, Scope])[] {
  return contextsOf(scenario).map((context) => [context, Object.keys(context).length === 0 ? WHOLE : NAMED]);
}

/** Nothing is left out: every question of the batch by itself, every page size, with every context. */
export function everything(scenario: Scenario): readonly (readonly [JsonObject, Scope])[] {
  return contextsOf(scenario).map((context) => [context, EVERYTHING]);
}

/**
 * A scenario's assertions hold, by Check and among lookups; and over the cross product of objects, members and subjects,
 * Check, BatchCheck, both lookups in pages of every size, and Expand say what the naive oracle says.
 */
export async function holdsEveryWay(
  scenario: Scenario,
  service: Service,
  scopes: readonly (readonly [JsonObject, Scope])[],
  tally: Tally,
): Promise<void> {
  const call = await service.enter(scenario);
  await assertionsHold(scenario, service, call, tally);
  const roomFor = createRooms(scenario, service, call);
  for (const [context, scope] of scopes) {
    const room = roomFor(context);
    await checksAgree(scenario, room, scope, tally);
    await resourcesAgree(scenario, room, scope, tally);
    await subjectsAgree(scenario, room, scope, tally);
    await treesAgree(scenario, room, scope, tally);
  }
}

/** Caveats of scenarios are the project's own; that they are right is what the assertions say. */
function createRooms(scenario: Scenario, { verbs }: Service, call: TenantCall): (context: JsonObject) => Room {
  const { schema, tuples } = scenario;
  const judge: CaveatJudge = (name, written, request) => {
    const result = schema.caveats.get(name)?.program.evaluate(written, request);
    switch (result?.kind) {
      case "true":
        return true;
      case "missing":
        return { names: result.names, failed: false };
      case "failed":
        return { names: [], failed: true };
      default:
        return false;
    }
  };
  const oracle = createOracle({ schema, tuples, strangers: objectsOf(scenario), judge });
  const ids = idsOf(scenario);
  return (context) => createRoom({ verbs, call, context, contextualTuples: [], tuples, ids, judge }, oracle);
}

async function assertionsHold(scenario: Scenario, { verbs }: Service, call: TenantCall, tally: Tally): Promise<void> {
  const consistency = { kind: "fully_consistent" } as const;
  const contextualTuples = [] as const;
  for (const { text, question, context, expected } of scenario.assertions) {
    const { object, member: permission, subject } = question;
    const asked = { object, permission, subject, context };
    const { decision } = await verbs.check(call, { ...asked, contextualTuples, consistency, explain: false });
    expect(decision.kind, text).toBe(expected);
    const { results } = await verbs.batchCheck(call, { items: [asked], contextualTuples, consistency });
    const [answer] = results;
    expect(answer instanceof RelataError ? answer : answer?.decision.kind, `${text}, in a batch`).toBe(expected);
    tally.check.calls += 1;
    tally.batchCheck.calls += 1;
    // What SpiceDB's own suite asks of LookupResources: with the assertion's context, and without.
    const lookUp = { objectType: object.type, permission, subject, contextualTuples, consistency };
    const rest = { limit: 0, cursor: "", candidateIds: undefined, countOnly: false };
    const kinds = await Promise.all(
      [context, {}].map(async (given) => {
        const { results: found } = await drain(verbs.lookupResources(call, { ...lookUp, ...rest, context: given }));
        tally.lookupResources.calls += 1;
        return found.find(({ id }) => id === object.id)?.decision.kind ?? "denied";
      }),
    );
    expect(kinds[0], `${text}, by LookupResources`).toBe(expected);
    if (expected === "allowed") expect(kinds[1], `${text}, by LookupResources without context`).not.toBe("denied");
    if (expected === "denied") expect(kinds[1], `${text}, by LookupResources without context`).not.toBe("allowed");
    if (expected === "conditional") expect(kinds[1], `${text}, by LookupResources without context`).toBe("conditional");
  }
}

async function checksAgree(scenario: Scenario, room: Room, scope: Scope, tally: Tally): Promise<void> {
  const questions = [...places(scenario)].flatMap(({ type, member }) =>
    room.ids.flatMap((id) => subjectsOf(scenario).map((subject) => ({ object: { type, id }, member, subject }))),
  );
  const stride = Math.max(1, Math.floor(questions.length / scope.single));
  const single: Question[] = questions.filter((_, index) => index % stride === 0);
  await agreeOnChecks(room, questions, single, tally);
}

async function resourcesAgree(scenario: Scenario, room: Room, scope: Scope, tally: Tally): Promise<void> {
  const all = places(scenario).flatMap((place) => subjectsOf(scenario).map((subject) => ({ ...place, subject })));
  for (const grants of sampled(all, scope)) await agreeOnResources(room, grants, waysOf(room, scope), tally);
}

async function subjectsAgree(scenario: Scenario, room: Room, scope: Scope, tally: Tally): Promise<void> {
  const kinds = new Map(subjectsOf(scenario).map(({ type, relation }) => [`${type}#${relation}`, { type, relation }]));
  const all = objectMembers(scenario, scope).flatMap((place) =>
    [...kinds.values()].map(({ type, relation }) => ({ ...place, subjectType: type, subjectRelation: relation })),
  );
  for (const audience of sampled(all, scope)) await agreeOnSubjects(room, audience, waysOf(room, scope), tally);
}

async function treesAgree(scenario: Scenario, room: Room, scope: Scope, tally: Tally): Promise<void> {
  const subjects: readonly SubjectRef[] = subjectsOf(scenario);
  for (const { object, member } of sampled(objectMembers(scenario, scope), scope)) {
    await agreeOnTree(room, object, member, subjects, tally);
  }
}

function sampled<T>(all: readonly T[], { every }: Scope): readonly T[] {
  return all.filter((_, index) => index % every === 0);
}

function places({ schema }: Scenario) {
  return schema.members.map(({ type, name }) => ({ type, member: name }));
}

function objectMembers(scenario: Scenario, { objects }: Scope) {
  const named = new Set(
    scenario.tuples
      .flatMap((tuple) => [`${tuple.objectType}:${tuple.objectId}`, `${tuple.subjectType}:${tuple.subjectId}`])
      .concat(scenario.assertions.map(({ question: { object } }) => `${object.type}:${object.id}`)),
  );
  const asked = objectsOf(scenario).filter(({ type, id }) => objects === "all" || named.has(`${type}:${id}`));
  return asked.flatMap((object) =>
    [...(scenario.schema.definitions.get(object.type)?.members.keys() ?? [])].map((member) => ({ object, member })),
  );
}

function waysOf({ ids }: Room, { pageSizes }: Scope): Ways {
  return { pageSizes, candidateIds: ids.filter((_, index) => index % 2 === 0) };
}
