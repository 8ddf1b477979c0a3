import type { Canvas } from "./canvas.ts";
import { type Markup, markup, px } from "./markup.ts";
import { textWidth } from "./text-width.ts";

/** A kind of line and what it means. */
export interface KeyEntry {
  readonly line: "solid" | "tail" | "guide";
  readonly label: string;
}

const SAMPLE = 26;
/** Where the first line of text stands, in font sizes: fonts reach up to 1.17 of them. */
export const FIRST_LINE = 1.2;

/** Above a plot: what its height means and, beside it or below where there is no room, what kinds of line there are. */
export function keyRow(
  title: string,
  key: readonly KeyEntry[],
  { width, fontSize }: Canvas,
): { readonly markup: Markup; readonly height: number } {
  const entries = key.map((entry) => ({ ...entry, width: SAMPLE + 6 + textWidth(entry.label, fontSize) + 14 }));
  const total = entries.reduce((sum, entry) => sum + entry.width, 0);
  const lineHeight = fontSize * 1.45;
  const beside = textWidth(title, fontSize) + 24 + total <= width;
  const rows = [[...entries]];
  if (!beside) {
    rows.splice(0, 1, []);
    let taken = width;
    for (const entry of entries) {
      if (taken + entry.width > width) {
        rows.push([]);
        taken = 0;
      }
      rows.at(-1)?.push(entry);
      taken += entry.width;
    }
  }
  const drawn = rows.map((row, index) => {
    const y = fontSize * FIRST_LINE + index * lineHeight;
    let x = index === 0 ? width - total + 14 : 2;
    return row.map(({ line, label, width: taken }) => {
      const from = x;
      x += taken;
      return markup`<g class="key ${line}"><path class="line" d="M${px(from)} ${px(y - fontSize * 0.32)}h${SAMPLE}"/><text x="${px(from + SAMPLE + 6)}" y="${px(y)}">${label}</text></g>`;
    });
  });
  return {
    markup: markup`<text class="title y" x="1" y="${px(fontSize * FIRST_LINE)}">${title}</text>${drawn}`,
    height: fontSize * 1.5 + (rows.length - 1) * lineHeight,
  };
}
