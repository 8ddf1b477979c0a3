import type { Dependencies, Subtraction } from "./dependencies.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import { type MemberDecl, memberKey, type Names } from "./names.ts";

/** Steps of a cycle that are shown. */
const MAX_SHOWN_STEPS = 8;

/**
 * Refuses recursion without a meaning.
 *
 * Answers are least fixpoints: start with nobody and add until nothing changes. That is well-defined while every step can
 * only add, whatever the order. Union, intersection and arrows are such steps. So is `.all()`: the tuples it ranges over are
 * stored, the same from beginning to end, and over a fixed set "everyone here is a member" can only turn from false to true
 * as members are added; recursion through it is therefore allowed (and somebody who is a member only by way of himself is
 * none). The right side of `-` takes away, so a cycle through it could come out either way depending on where one starts.
 * A cycle through two subtractions would be well-defined again, but is refused too: nobody could read it.
 */
export function checkRecursion(names: Names, dependencies: Dependencies, bag: DiagnosticBag): void {
  reportAliasCycles(names, bag);
  const reported = new Set<number>();
  for (const subtraction of dependencies.subtractions) {
    const component = dependencies.component[subtraction.from];
    if (component !== dependencies.component[subtraction.to] || component === undefined || reported.has(component)) {
      continue;
    }
    reported.add(component);
    reportSubtraction(dependencies, subtraction, bag);
  }
}

function reportSubtraction(dependencies: Dependencies, subtraction: Subtraction, bag: DiagnosticBag): void {
  const member = dependencies.members[subtraction.from];
  if (member === undefined) {
    return;
  }
  const cycle = [subtraction.from, ...shortestPath(dependencies, subtraction.to, subtraction.from)];
  const labels = cycle.map((node) => dependencies.labels[node] ?? "");
  bag.error(member.source, subtraction.node, {
    code: "recursion-through-exclusion",
    message: `${labels[0] ?? ""} depends on itself through the right side of "-", so it has no well-defined answer`,
    hint: `the way round: ${shorten(labels).join(" => ")}`,
  });
}

/** Both ends included; they are in one component, so there is a path. */
function shortestPath(dependencies: Dependencies, from: number, to: number): readonly number[] {
  const cameFrom = new Map<number, number>();
  const queue = [from];
  for (let index = 0; index < queue.length; index++) {
    const node = queue[index] as number;
    if (node === to) {
      break;
    }
    for (const next of dependencies.successors[node] ?? []) {
      const inside = dependencies.component[next] === dependencies.component[to];
      if (inside && next !== from && !cameFrom.has(next)) {
        cameFrom.set(next, node);
        queue.push(next);
      }
    }
  }
  const path = [to];
  for (let node = to; node !== from; ) {
    node = cameFrom.get(node) ?? from;
    path.push(node);
  }
  return path.reverse();
}

function shorten(labels: readonly string[]): readonly string[] {
  return labels.length <= MAX_SHOWN_STEPS
    ? labels
    : [...labels.slice(0, MAX_SHOWN_STEPS - 1), `… ${labels.length - MAX_SHOWN_STEPS} more`, labels.at(-1) ?? ""];
}

/** Permissions that are only other names of each other, in a circle, grant nobody anything: surely a mistake. */
function reportAliasCycles(names: Names, bag: DiagnosticBag): void {
  for (const [type, definition] of names.definitions) {
    const settled = new Set<string>();
    for (const start of definition.members.keys()) {
      const path: string[] = [];
      const onPath = new Set<string>();
      let name: string | undefined = start;
      while (name !== undefined && !settled.has(name)) {
        settled.add(name);
        onPath.add(name);
        path.push(name);
        name = aliasOf(definition.members.get(name));
      }
      const member = name === undefined ? undefined : definition.members.get(name);
      if (name !== undefined && member !== undefined && onPath.has(name)) {
        const round = path.slice(path.indexOf(name));
        bag.error(member.source, member.name, {
          code: "alias-cycle",
          message: `these permissions of ${type} are defined only by each other, so nobody ever has them`,
          hint: `the way round: ${shorten([...round, name].map((step) => memberKey(type, step))).join(" => ")}`,
        });
      }
    }
  }
}

function aliasOf(member: MemberDecl | undefined): string | undefined {
  return member?.kind === "permission" && member.expression.kind === "computed"
    ? member.expression.member.text
    : undefined;
}
