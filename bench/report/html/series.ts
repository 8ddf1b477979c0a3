import { type Markup, markup, px, trusted } from "./markup.ts";

/** One line of a plot. */
export interface Series {
  readonly name: string;
  /** Which colour, dash and marker: 0 to SLOTS - 1. */
  readonly slot: number;
  /** Dashed, and without a label of its own: the p99 beside a median. */
  readonly tail?: boolean;
  readonly points: readonly PlotPoint[];
}

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Shown where a pointer rests. */
  readonly note: string;
  /** Ringed, and explained below the plot. */
  readonly warning?: string;
  /** On the line, without a marker. */
  readonly bare?: boolean;
}

/** More lines than these are told apart by nobody. */
export const SLOTS = 7;

/** Told apart by shape as well, for print without colours and for eyes without them. */
const SHAPES: readonly ((x: number, y: number, r: number) => string)[] = [
  (x, y, r) => `M${px(x - r)} ${px(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
  (x, y, r) => `M${px(x - r)} ${px(y - r)}h${2 * r}v${2 * r}h${-2 * r}Z`,
  (x, y, r) => `M${px(x)} ${px(y - r * 1.25)}L${px(x + r * 1.2)} ${px(y + r)}H${px(x - r * 1.2)}Z`,
  (x, y, r) =>
    `M${px(x)} ${px(y - r * 1.4)}L${px(x + r * 1.4)} ${px(y)}L${px(x)} ${px(y + r * 1.4)}L${px(x - r * 1.4)} ${px(y)}Z`,
  (x, y, r) => `M${px(x)} ${px(y + r * 1.25)}L${px(x + r * 1.2)} ${px(y - r)}H${px(x - r * 1.2)}Z`,
  (x, y, r) =>
    `M${px(x - r * 1.3)} ${px(y - r * 0.45)}h${px(r * 0.85)}v${px(-r * 0.85)}h${px(r * 0.9)}v${px(r * 0.85)}h${px(r * 0.85)}v${px(r * 0.9)}h${px(-r * 0.85)}v${px(r * 0.85)}h${px(-r * 0.9)}v${px(-r * 0.85)}h${px(-r * 0.85)}Z`,
  (x, y, r) => `M${px(x - r * 1.3)} ${px(y - r * 0.6)}h${px(r * 2.6)}v${px(r * 1.2)}h${px(-r * 2.6)}Z`,
];

export function marker(slot: number, x: number, y: number, radius = 3.5): Markup {
  const shape = SHAPES[slot % SHAPES.length];
  return trusted(shape === undefined ? "" : shape(x, y, radius));
}

/** A piece of line with its marker, for legends. @param dashed as the lines of the plot */
export function swatch({ slot }: Pick<Series, "slot">, dashed: boolean): Markup {
  return markup`<svg class="swatch${dashed ? " dashed" : ""}" viewBox="0 0 34 14" width="34" height="14" aria-hidden="true"><g class="series s${slot}"><path class="line" d="M1 7H33"/><path class="marker" d="${marker(slot, 17, 7)}"/></g></svg>`;
}

/** Parts of about one size that no plot is too full with; what belongs together stays together where it can. */
export function panelsOf<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  most = SLOTS,
): readonly (readonly T[])[] {
  const size = Math.ceil(items.length / Math.ceil(items.length / most));
  const panels: T[][] = [];
  for (const group of Map.groupBy(items, groupOf).values())
    for (let from = 0; from < group.length; from += size) {
      const part = group.slice(from, from + size);
      const last = panels.at(-1);
      if (last !== undefined && last.length + part.length <= size) last.push(...part);
      else panels.push([...part]);
    }
  return panels;
}

/** The same name has the same look in every plot of a section, as far as there are looks enough. */
export function slotsOf(names: readonly string[], all: readonly string[]): readonly number[] {
  const taken = new Set<number>();
  return names.map((name) => {
    let slot = Math.max(all.indexOf(name), 0) % SLOTS;
    for (let tries = 0; taken.has(slot) && tries < SLOTS; tries += 1) slot = (slot + 1) % SLOTS;
    taken.add(slot);
    return slot;
  });
}
