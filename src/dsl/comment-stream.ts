import type { SchemaFile } from "./ast.ts";
import type { Comment } from "./token.ts";

/** The comments of a file, handed out in order, each exactly once. */
export interface CommentStream {
  /** Those that begin before `offset`. */
  takeBefore(offset: number): readonly Comment[];
  /** Those that begin before `offset` and follow something on their line, up to the first on a line of its own. */
  takeTrailing(offset: number): readonly Comment[];
}

export function createCommentStream(file: SchemaFile): CommentStream {
  const { comments } = file;
  let next = 0;

  function takeWhile(wanted: (comment: Comment) => boolean): readonly Comment[] {
    const from = next;
    for (let comment = comments[next]; comment !== undefined && wanted(comment); comment = comments[next]) {
      next++;
    }
    return comments.slice(from, next);
  }

  return {
    takeBefore: (offset) => takeWhile((comment) => comment.start < offset),
    takeTrailing: (offset) => takeWhile((comment) => comment.start < offset && !comment.ownLine),
  };
}

/** After the end of a statement, on its line. Line comments come last, since they swallow what follows. */
export function formatTrailing(comments: readonly Comment[]): string {
  const blocks = comments.filter((comment) => comment.kind === "block");
  const lines = comments.filter((comment) => comment.kind === "line");
  return [...blocks, ...lines].map((comment) => ` ${comment.text.trimEnd()}`).join("");
}

/** Before a part of a statement; only where a line may end, after an operator or an opening sign. */
export function formatInline(comments: readonly Comment[], indent: string): string {
  return comments.map(({ kind, text }) => (kind === "block" ? `${text} ` : `${text.trimEnd()}\n${indent}`)).join("");
}

/** On lines of its own. Blocks whose lines all begin with `*` are moved as a whole, others keep their inner lines. */
export function formatOwnLine(comment: Comment, indent: string): string {
  if (comment.kind === "line") {
    return indent + comment.text.trimEnd();
  }
  const [first = "", ...rest] = comment.text.split("\n").map((line) => line.trimEnd());
  const starred = rest.every((line) => line.trimStart().startsWith("*"));
  return [indent + first, ...rest.map((line) => (starred ? `${indent} ${line.trimStart()}` : line))].join("\n");
}
