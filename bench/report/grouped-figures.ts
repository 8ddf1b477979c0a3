import type { Figure } from "./report.ts";

/** Figures of one layer and one workload, ratios first. */
export interface FigureGroup {
  readonly layer: string;
  readonly workload: string;
  readonly figures: readonly Figure[];
}

const ORDER: Readonly<Record<Figure["kind"], number>> = { ratio: 0, count: 1, time: 2 };

/** By the first two words of their ids, in the order in which they were measured. */
export function groupFigures(figures: readonly Figure[]): readonly FigureGroup[] {
  const groups = Map.groupBy(figures, ({ id }) => id.split("/").slice(0, 2).join("/"));
  return [...groups].map(([name, members]) => {
    const [layer = "", workload = ""] = name.split("/");
    return { layer, workload, figures: members.toSorted((a, b) => ORDER[a.kind] - ORDER[b.kind]) };
  });
}

/** What an id says of where a figure is from, beyond its first words and what the figure's name says itself. */
export function placeOf({ id, what }: Figure, from: number): string {
  return id
    .split("/")
    .slice(from, -1)
    .filter((part) => !what.includes(part))
    .join(", ");
}
