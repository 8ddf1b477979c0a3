/** Text that is markup; every other text is escaped where it is put in. */
export interface Markup {
  readonly markup: string;
}

type Piece = string | number | Markup | undefined | readonly Piece[];

/** A template whose values are text of people and programs, whatever is in it, unless they are markup themselves. */
export function markup(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const text = strings.map((string, index) => string + (index < pieces.length ? written(pieces[index]) : "")).join("");
  return { markup: text };
}

/** Text that this program has made, as a style sheet is. */
export function trusted(text: string): Markup {
  return { markup: text };
}

/** A place in a plot, in tenths of a pixel: shorter, and fine enough for every screen. */
export function px(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`nothing can be drawn at ${value}`);
  return String(Math.round(value * 10) / 10);
}

function written(piece: Piece): string {
  if (piece === undefined) return "";
  if (typeof piece === "string") return escapeText(piece);
  if (typeof piece === "number") return String(piece);
  if ("markup" in piece) return piece.markup;
  return piece.map(written).join("");
}

const NAMES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeText(text: string): string {
  // HTML has no place for control characters.
  return text.replace(/[&<>"']/g, (sign) => NAMES[sign] ?? sign).replace(/\p{Cc}/gu, " ");
}
