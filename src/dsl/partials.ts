import { didYouMean } from "../model/did-you-mean.ts";
import type { BlockNode, Name } from "./ast.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import type { MemberDecl } from "./names.ts";

/** Partials within partials; deeper than anyone needs, and a bound for the stack. */
const MAX_PARTIAL_DEPTH = 50;
/** Relations and permissions of all definitions together, partials' counted wherever they are taken in. */
export const MAX_MEMBERS = 100_000;

interface Expanded {
  /** `at` is the member's own name, or the name of the partial where the definition itself takes it in. */
  readonly members: readonly { readonly member: MemberDecl; readonly at: Name }[];
  readonly incomplete: boolean;
}

/** Order does not matter: a partial may stand after its use. Unknown ones and cycles are reported once each. */
export function createPartialExpander(
  partials: ReadonlyMap<string, BlockNode>,
  filesIncomplete: boolean,
  bag: DiagnosticBag,
): (definition: BlockNode) => Expanded {
  reportCycles(partials, bag);
  for (const partial of partials.values()) {
    reportUnknown(partial, partials, filesIncomplete, bag);
  }
  let total = 0;
  return (definition) => {
    reportUnknown(definition, partials, filesIncomplete, bag);
    const members: { member: MemberDecl; at: Name }[] = [];
    let incomplete = definition.incomplete;

    function add(block: BlockNode, at: Name | undefined, open: readonly BlockNode[]): void {
      incomplete ||= block.incomplete;
      for (const member of block.members) {
        if (total > MAX_MEMBERS) {
          incomplete = true;
          return;
        }
        if (member.kind !== "partial-ref") {
          total++;
          members.push({ member, at: at ?? member.name });
          continue;
        }
        total++;
        const partial = partials.get(member.name.text);
        if (partial === undefined || open.includes(partial)) {
          incomplete = true;
        } else if (open.length > MAX_PARTIAL_DEPTH) {
          incomplete = true;
          const message = `partials may be nested at most ${MAX_PARTIAL_DEPTH} deep`;
          bag.error(member.source, member.name, { code: "partial-too-deep", message });
        } else {
          add(partial, at ?? member.name, [...open, partial]);
        }
      }
    }

    add(definition, undefined, [definition]);
    if (total > MAX_MEMBERS) {
      bag.error(definition.source, definition.name, {
        code: "schema-too-complex",
        message: `the schema has more than ${MAX_MEMBERS} relations and permissions, counting those of partials wherever they are taken in`,
      });
    }
    return { members, incomplete };
  };
}

function reportUnknown(
  block: BlockNode,
  partials: ReadonlyMap<string, BlockNode>,
  filesIncomplete: boolean,
  bag: DiagnosticBag,
): void {
  for (const member of block.members) {
    if (member.kind === "partial-ref" && !partials.has(member.name.text) && !filesIncomplete) {
      bag.error(member.source, member.name, {
        code: "unknown-partial",
        message: `there is no partial "${member.name.text}"`,
        hint: () => didYouMean(member.name.text, partials.keys()),
      });
    }
  }
}

/** Each partial that comes back to itself, once, with the way round. Depth first with a stack of its own. */
function reportCycles(partials: ReadonlyMap<string, BlockNode>, bag: DiagnosticBag): void {
  const done = new Set<string>();
  for (const root of partials.keys()) {
    const path: { name: string; next: number }[] = [{ name: root, next: 0 }];
    const open = new Map<string, number>([[root, 0]]);
    while (path.length > 0) {
      const top = path[path.length - 1] as { name: string; next: number };
      const member = done.has(top.name) ? undefined : partials.get(top.name)?.members[top.next++];
      if (member === undefined) {
        done.add(top.name);
        open.delete(top.name);
        path.pop();
      } else if (member.kind === "partial-ref" && open.has(member.name.text)) {
        const round = path.slice(open.get(member.name.text)).map((step) => step.name);
        bag.error(member.source, member.name, {
          code: "partial-cycle",
          message: `a partial cannot take itself in: ${[...round, member.name.text].join(" -> ")}`,
        });
      } else if (member.kind === "partial-ref" && partials.has(member.name.text) && !done.has(member.name.text)) {
        open.set(member.name.text, path.length);
        path.push({ name: member.name.text, next: 0 });
      }
    }
  }
}
