import type { SchemaFile } from "./ast.ts";
import { commentLines, SUPPRESSION } from "./doc.ts";
import { lineOf, type Span } from "./source.ts";
import type { Comment } from "./token.ts";

/** `// relata-ignore: rule, rule` and SpiceDB's `// spicedb-ignore-warning: rule`. */
export interface Suppressions {
  /** Whether a comment on the line of `span`, or in the comments directly above it, names the rule. */
  covers(span: Span, rule: string): boolean;
  /** Each rule named after `relata-ignore`, with its comment. */
  readonly named: readonly { readonly rule: string; readonly comment: Comment }[];
}

/** Comment lines above a statement that are looked at. */
const MAX_LINES_ABOVE = 200;

export function findSuppressions(file: SchemaFile): Suppressions {
  const { source, comments } = file;
  const rulesOfLine = new Map<number, Set<string>>();
  const ownLines = new Set<number>();
  const named: { rule: string; comment: Comment }[] = [];
  for (const comment of comments) {
    const [first, last] = [lineOf(source, comment.start), lineOf(source, comment.end)];
    for (let line = first; comment.ownLine && line <= last; line++) {
      ownLines.add(line);
    }
    for (const text of commentLines(comment)) {
      const [, word, list = ""] = SUPPRESSION.exec(text) ?? [];
      for (const rule of list.split(/[\s,]+/).filter((part) => word !== undefined && part !== "")) {
        const rules = rulesOfLine.get(first) ?? new Set();
        rulesOfLine.set(first, rules.add(rule));
        if (word === "relata-ignore") {
          named.push({ rule, comment });
        }
      }
    }
  }
  return {
    named,
    covers(span, rule) {
      const line = lineOf(source, span.start);
      const lowest = line - MAX_LINES_ABOVE;
      for (let above = line; above === line || (above > lowest && ownLines.has(above)); above--) {
        if (rulesOfLine.get(above)?.has(rule)) {
          return true;
        }
      }
      return false;
    },
  };
}
