/** A schema text with a name and its line starts. Offsets are UTF-16 code units, as in JavaScript strings. */
export interface Source {
  readonly file: string;
  readonly text: string;
  /** Offset of the first character of each line. */
  readonly lineStarts: readonly number[];
}

/** Half-open range of offsets in one source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function createSource(file: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    lineStarts.push(at + 1);
  }
  return { file, text, lineStarts };
}

/** Line of an offset, from 0. */
export function lineOf(source: Source, offset: number): number {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/** The text of a line (from 0) without its line end. */
export function lineText(source: Source, line: number): string {
  const start = source.lineStarts[line] ?? source.text.length;
  const end = source.lineStarts[line + 1] ?? source.text.length + 1;
  const text = source.text.slice(start, end - 1);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

/** Line and column as people count: from 1, columns in characters (code points). */
export function positionOf(source: Source, offset: number): { line: number; column: number } {
  const line = lineOf(source, offset);
  const start = source.lineStarts[line] ?? 0;
  return { line: line + 1, column: countCharacters(source.text, start, offset) + 1 };
}

function countCharacters(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    const trailingSurrogate = unit >= 0xdc00 && unit <= 0xdfff;
    if (!trailingSurrogate || at === start) {
      count++;
    }
  }
  return count;
}
