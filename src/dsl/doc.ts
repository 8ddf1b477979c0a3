import type { Cursor } from "./cursor.ts";
import type { Comment } from "./token.ts";

/** Comments that speak to the linter and are no documentation. */
export const SUPPRESSION = /^(relata-ignore|spicedb-ignore-warning):\s*(.*)$/;

/**
 * The documentation of the statement that begins at the cursor's token: the comments on lines of their own directly above
 * it, without a blank line between, comment signs removed.
 */
export function docBefore(cursor: Cursor): string {
  const { source, comments, contentEnd } = cursor;
  const lines: string[][] = [];
  let below = cursor.token.start;
  for (let index = comments.length - 1; index >= 0; index--) {
    const comment = comments[index];
    if (comment === undefined || !comment.ownLine || comment.start < contentEnd) {
      break;
    }
    if (source.text.slice(comment.end, below).split("\n").length > 2) {
      break;
    }
    lines.push(commentLines(comment).filter((line) => !SUPPRESSION.test(line)));
    below = comment.start;
  }
  return lines.reverse().flat().join("\n").trim();
}

/** The text of a comment, line by line, without `//`, `/*` and leading `*`. */
export function commentLines(comment: Comment): string[] {
  if (comment.kind === "line") {
    return [comment.text.replace(/^\/\/+/, "").trim()];
  }
  const inner = comment.text.slice(2, comment.unterminated ? undefined : -2);
  const lines = inner.split("\n").map((line) =>
    line
      .trim()
      .replace(/^\*+ ?/, "")
      .trim(),
  );
  while (lines.length > 0 && lines[0] === "") {
    lines.shift();
  }
  while (lines.length > 0 && lines.at(-1) === "") {
    lines.pop();
  }
  return lines;
}
