import type { BlockNode, Item, SchemaFile } from "./ast.ts";
import { type CommentStream, createCommentStream, formatOwnLine, formatTrailing } from "./comment-stream.ts";
import { createDiagnosticBag, type Diagnostic } from "./diagnostic.ts";
import { parseFile } from "./parser.ts";
import { printCaveat, printMember } from "./print-statement.ts";
import { createSource, type Span } from "./source.ts";
import type { Comment } from "./token.ts";

export interface FormatResult {
  /** Undefined if and only if the text cannot be parsed. */
  readonly text: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The canonical form of a schema: two spaces of indent, a blank line between definitions, at most one elsewhere, parentheses
 * around mixed operators. Keeps every comment; formatting twice is the same as once; the compiled schema does not change.
 * Only the grammar must be right: a schema with unknown names is formatted too.
 */
export function formatSchema(text: string, options: { readonly file?: string } = {}): FormatResult {
  const bag = createDiagnosticBag();
  const file = parseFile(createSource(options.file ?? "schema.zed", text), bag);
  return bag.hasErrors()
    ? { text: undefined, diagnostics: bag.sorted() }
    : { text: printFile(file), diagnostics: bag.sorted() };
}

/** @param keep leaves items out (their comments stay) */
export function printFile(file: SchemaFile, keep: (item: Item) => boolean = () => true): string {
  const comments = createCommentStream(file);
  const page = createPage(file.source.text, 0);
  const end = file.source.text.length;
  let afterBlock = false;

  function addComments(list: readonly Comment[]): void {
    for (const comment of list) {
      page.add(formatOwnLine(comment, ""), comment, afterBlock);
      afterBlock = false;
    }
  }

  for (const [index, item] of file.items.entries()) {
    const above = comments.takeBefore(item.start);
    addComments(above);
    const block = item.kind !== "use" && item.kind !== "import";
    const text = printItem(item, comments);
    const inside = comments.takeBefore(item.end);
    const trailing = comments.takeTrailing(file.items[index + 1]?.start ?? end);
    if (!keep(item)) {
      addComments([...inside, ...trailing]);
      continue;
    }
    page.add(text, item, afterBlock || (block && above.length === 0));
    page.append(formatTrailing([...inside, ...trailing]), trailing.at(-1));
    afterBlock = block;
  }
  addComments(comments.takeBefore(end + 1));
  return page.text();
}

function printItem(item: Item, comments: CommentStream): string {
  switch (item.kind) {
    case "use":
      return `use ${item.flag.text}`;
    case "import":
      return `import "${item.path.text}"`;
    case "caveat":
      return printCaveat(item, comments);
    case "definition":
    case "partial":
      return printBlock(item, comments);
  }
}

const INDENT = "  ";

function printBlock(block: BlockNode, comments: CommentStream): string {
  const head = `${block.kind} ${block.name.text} {`;
  const bodyStart = block.bodyStart + 1;
  const close = block.end - 1;
  const before = [...comments.takeBefore(bodyStart), ...comments.takeTrailing(block.members[0]?.start ?? close)];
  const page = createPage(block.source.text, bodyStart);
  for (const [index, member] of block.members.entries()) {
    for (const comment of comments.takeBefore(member.start)) {
      page.add(formatOwnLine(comment, INDENT), comment, false);
    }
    page.add(INDENT + printMember(member, comments), member, false);
    const inside = comments.takeBefore(member.end);
    const trailing = comments.takeTrailing(block.members[index + 1]?.start ?? close);
    page.append(formatTrailing([...inside, ...trailing]), trailing.at(-1));
  }
  for (const comment of comments.takeBefore(close)) {
    page.add(formatOwnLine(comment, INDENT), comment, false);
  }
  const body = page.text();
  return body === "" && before.length === 0 ? `${head}}` : `${head}${formatTrailing(before)}\n${body}}`;
}

/** Lines of output, with the blank lines that the source has between things. */
interface Page {
  /** @param blank an empty line before it, whatever the source has; never at the top */
  add(text: string, from: Span, blank: boolean): void;
  /** To the end of the last line. */
  append(text: string, until: Span | undefined): void;
  /** Ends with a line end unless empty. */
  text(): string;
}

function createPage(source: string, start: number): Page {
  const lines: string[] = [];
  let lastEnd = start;
  return {
    add(text, from, blank) {
      const gap = source.slice(lastEnd, from.start).split("\n").length > 2;
      if (lines.length > 0 && (blank || gap)) {
        lines.push("");
      }
      lines.push(text);
      lastEnd = from.end;
    },
    append(text, until) {
      if (text !== "") {
        lines[lines.length - 1] += text;
      }
      lastEnd = until?.end ?? lastEnd;
    },
    text: () => (lines.length === 0 ? "" : `${lines.join("\n")}\n`),
  };
}
