import type { ExpressionNode, RelationNode } from "./ast.ts";
import type { Dependencies } from "./dependencies.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import { memberKey, type Names } from "./names.ts";

/** Bounds the work on schemas made to be expensive: types times permissions looked at. Ordinary ones need some thousands. */
const MAX_STEPS = 20_000_000;

const NOBODY: ReadonlySet<string> = new Set();

/**
 * `use typechecking`: every type of subject that can come to have a permission must be in its annotation. Right sides of
 * `-` add nobody, and a subject of an intersection must be in all its sides.
 */
export function checkAnnotations(names: Names, dependencies: Dependencies, bag: DiagnosticBag): void {
  const enforced = new Set(names.files.filter((file) => file.uses.has("typechecking")).map((file) => file.source));
  let reached: readonly ReadonlySet<string>[] | undefined;
  for (const [type, definition] of names.definitions) {
    for (const member of definition.members.values()) {
      if (member.kind !== "permission" || member.annotation.length === 0 || !enforced.has(member.source)) {
        continue;
      }
      reached ??= reachedTypes(names, dependencies);
      if (reached === undefined) {
        const message = "the types that reach this permission are too many to check";
        bag.error(member.source, member.name, { code: "schema-too-complex", message });
        return;
      }
      const allowed = new Set(member.annotation.map((name) => name.text));
      const found = reached[dependencies.idOf.get(memberKey(type, member.name.text)) ?? -1] ?? NOBODY;
      const missing = [...found].filter((subject) => !allowed.has(subject)).sort();
      if (missing.length > 0) {
        bag.error(member.source, member.name, {
          code: "incomplete-annotation",
          message: `permission "${member.name.text}" of ${type} can be had by ${missing.join(", ")}, which its annotation leaves out`,
          hint: `write permission ${member.name.text}: ${[...allowed, ...missing].join(" | ")} = …`,
        });
      }
    }
  }
}

/** The types of subjects that each node of the graph can grant; undefined when it takes too long. */
function reachedTypes(names: Names, dependencies: Dependencies): readonly ReadonlySet<string>[] | undefined {
  const reached: ReadonlySet<string>[] = dependencies.labels.map(() => NOBODY);
  // Successors first: without recursion one pass settles everything.
  const order = dependencies.labels.map((_, id) => id);
  order.sort((a, b) => (dependencies.component[a] ?? 0) - (dependencies.component[b] ?? 0));
  let steps = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const id of order) {
      const types = typesOfNode(names, dependencies, reached, id);
      steps += types.size + 1;
      if (steps > MAX_STEPS) {
        return undefined;
      }
      changed ||= types.size !== (reached[id] ?? NOBODY).size;
      reached[id] = types;
    }
  }
  return reached;
}

function typesOfNode(
  names: Names,
  dependencies: Dependencies,
  reached: readonly ReadonlySet<string>[],
  id: number,
): ReadonlySet<string> {
  const member = dependencies.members[id];
  if (member?.kind === "permission") {
    const type = (dependencies.labels[id] ?? "").split("#")[0] ?? "";
    return typesOfExpression(member.expression, type, (label) => reached[dependencies.idOf.get(label) ?? -1] ?? NOBODY);
  }
  const below = (dependencies.successors[id] ?? []).map((next) => reached[next] ?? NOBODY);
  return union([...below, member === undefined ? NOBODY : directTypes(names, member)]);
}

function directTypes(names: Names, relation: RelationNode): ReadonlySet<string> {
  const direct = relation.types.filter((ref) => ref.relation === undefined && names.definitions.has(ref.type.text));
  return new Set(direct.map((ref) => ref.type.text));
}

function typesOfExpression(
  node: ExpressionNode,
  type: string,
  look: (label: string) => ReadonlySet<string>,
): ReadonlySet<string> {
  switch (node.kind) {
    case "union":
      return union(node.operands.map((operand) => typesOfExpression(operand, type, look)));
    case "intersection": {
      const [first = NOBODY, ...others] = node.operands.map((operand) => typesOfExpression(operand, type, look));
      return new Set([...first].filter((subject) => others.every((other) => other.has(subject))));
    }
    case "exclusion":
      return node.operands[0] === undefined ? NOBODY : typesOfExpression(node.operands[0], type, look);
    case "computed":
      return look(memberKey(type, node.member.text));
    case "arrow":
      return look(`${memberKey(type, node.tupleset.text)}->${node.target.text}`);
    case "self":
      return new Set([type]);
    case "nil":
      return NOBODY;
  }
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const set of sets) {
    for (const type of set) {
      all.add(type);
    }
  }
  return all;
}
