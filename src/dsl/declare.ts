import { isRelationName, isTypeName, MAX_RELATION_BYTES, MAX_TYPE_BYTES } from "../model/object.ts";
import type { BlockNode, CaveatNode, MemberNode, Name, SchemaFile } from "./ast.ts";
import type { DiagnosticBag } from "./diagnostic.ts";
import type { DefinitionDecl, MemberDecl, Names } from "./names.ts";
import { createPartialExpander } from "./partials.ts";
import { positionOf, type Source } from "./source.ts";

/** Names all things, reports bad and duplicate names, and gives each definition the members of its partials. */
export function declareNames(files: readonly SchemaFile[], bag: DiagnosticBag): Names {
  const tables = collect(files, bag);
  const incomplete = files.some((file) => file.incomplete);
  const expand = createPartialExpander(tables.partials, incomplete, bag);
  const definitions = new Map<string, DefinitionDecl>();
  for (const [name, node] of tables.definitions) {
    definitions.set(name, declareDefinition(node, expand(node), bag));
  }
  for (const partial of tables.partials.values()) {
    reportDuplicates(partial, bag);
  }
  return { files, definitions, caveats: tables.caveats, partials: tables.partials, incomplete };
}

interface Tables {
  readonly definitions: Map<string, BlockNode>;
  readonly caveats: Map<string, CaveatNode>;
  readonly partials: Map<string, BlockNode>;
}

/** Definitions, caveats and partials share one name space; the first of a name wins. */
function collect(files: readonly SchemaFile[], bag: DiagnosticBag): Tables {
  const tables: Tables = { definitions: new Map(), caveats: new Map(), partials: new Map() };
  const first = new Map<string, BlockNode | CaveatNode>();
  for (const item of files.flatMap((file) => file.items)) {
    if (item.kind === "use" || item.kind === "import") {
      continue;
    }
    checkTypeName(item.source, item.name, item.kind, bag);
    if (item.kind !== "caveat") {
      for (const member of item.members) {
        checkMemberName(member, bag);
      }
    }
    const earlier = first.get(item.name.text);
    if (earlier !== undefined) {
      bag.error(item.source, item.name, {
        code: "duplicate-name",
        message: `the name "${item.name.text}" is taken by a ${earlier.kind}`,
        hint: `the first is at ${place(item.source, earlier.source, earlier.name)}; definitions, caveats and partials share one set of names`,
      });
      continue;
    }
    first.set(item.name.text, item);
    if (item.kind === "caveat") {
      tables.caveats.set(item.name.text, item);
    } else {
      tables[item.kind === "definition" ? "definitions" : "partials"].set(item.name.text, item);
    }
  }
  return tables;
}

/** @param expanded the members of the definition, each with the place where it came in */
function declareDefinition(
  node: BlockNode,
  expanded: { readonly members: Iterable<{ member: MemberDecl; at: Name }>; readonly incomplete: boolean },
  bag: DiagnosticBag,
): DefinitionDecl {
  const members = new Map<string, MemberDecl>();
  for (const { member, at } of expanded.members) {
    const earlier = members.get(member.name.text);
    if (earlier === undefined) {
      members.set(member.name.text, member);
    } else {
      reportDuplicate(node, member, at, earlier, bag);
    }
  }
  return { node, members, incomplete: expanded.incomplete };
}

function reportDuplicate(node: BlockNode, member: MemberDecl, at: Name, earlier: MemberDecl, bag: DiagnosticBag): void {
  const through = at === member.name ? "" : ` (the partial "${at.text}" brings another)`;
  bag.error(node.source, at, {
    code: "duplicate-member",
    message: `${node.kind} "${node.name.text}" already has a ${earlier.kind} "${member.name.text}"${through}`,
    hint: `the first is at ${place(node.source, earlier.source, earlier.name)}`,
  });
}

/** Of a partial by itself, also when nothing takes it in. */
function reportDuplicates(partial: BlockNode, bag: DiagnosticBag): void {
  const seen = new Map<string, MemberDecl>();
  for (const member of partial.members) {
    if (member.kind === "partial-ref") {
      continue;
    }
    const earlier = seen.get(member.name.text);
    if (earlier === undefined) {
      seen.set(member.name.text, member);
    } else {
      reportDuplicate(partial, member, member.name, earlier, bag);
    }
  }
}

function checkTypeName(source: Source, name: Name, kind: string, bag: DiagnosticBag): void {
  if (!isTypeName(name.text)) {
    bag.error(source, name, {
      code: "invalid-name",
      message: `"${name.text}" cannot be the name of a ${kind}`,
      hint: nameRule(name.text, `parts of at most 64, joined by "/", in all at most ${MAX_TYPE_BYTES}`),
    });
  }
}

function checkMemberName(member: MemberNode, bag: DiagnosticBag): void {
  if (member.kind !== "partial-ref" && !isRelationName(member.name.text)) {
    bag.error(member.source, member.name, {
      code: "invalid-name",
      message: `"${member.name.text}" cannot be the name of a ${member.kind}`,
      hint: nameRule(member.name.text, `at most ${MAX_RELATION_BYTES} characters`),
    });
  }
}

function nameRule(name: string, length: string): string {
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/^[_0-9]+|_+$/g, "");
  const rule = `names are lower case: a-z, 0-9 and _, beginning with a letter and not ending with _, ${length}`;
  return snake !== name && isTypeName(snake) ? `${rule}; "${snake}" would do` : rule;
}

/** `line 3`, with the file when it is another one. */
export function place(from: Source, source: Source, at: { readonly start: number }): string {
  const { line, column } = positionOf(source, at.start);
  return from.file === source.file ? `${line}:${column}` : `${source.file}:${line}:${column}`;
}
