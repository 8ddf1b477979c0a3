import { type Markup, markup, px } from "./markup.ts";

/** How large a plot is: a wide one, and one for telephones and for half a page. */
export interface Canvas {
  readonly name: "wide" | "narrow";
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
}

export const WIDE: Canvas = { name: "wide", width: 800, height: 420, fontSize: 13 };
export const NARROW: Canvas = { name: "narrow", width: 358, height: 310, fontSize: 11.5 };

/** @param title what is said to whoever does not see it @param kind a class beside the canvas's name */
export function svg(
  { name, width, fontSize }: Canvas,
  height: number,
  title: string,
  kind: string,
  body: readonly Markup[],
): Markup {
  return markup`<svg class="plot ${name} ${kind}" viewBox="0 0 ${width} ${px(height)}" font-size="${fontSize}" role="img"><title>${title}</title>${body}</svg>`;
}
