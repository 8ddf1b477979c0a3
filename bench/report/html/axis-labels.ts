import type { Axis, Tick } from "./axis.ts";
import type { Canvas } from "./canvas.ts";
import { textWidth } from "./text-width.ts";

/** A tick with the middle of its label. */
export interface PlacedTick extends Tick {
  /** Of the line. */
  readonly place: number;
  /** Of the label, which is moved where it would leave the picture. */
  readonly label: string;
  readonly middle: number;
}

const GAP = 9;

/** Along the bottom: as many ticks as have room side by side. */
export function ticksAlong(axis: Axis, from: number, to: number, canvas: Canvas): readonly PlacedTick[] {
  const widths = (tick: Tick) => textWidth(tick.label, canvas.fontSize);
  const placed = axis.ticks.map((ticks) =>
    ticks.map((tick) => {
      const place = from + axis.at(tick.value) * (to - from);
      const half = widths(tick) / 2;
      return { ...tick, place, middle: Math.min(Math.max(place, half + 1), canvas.width - half - 1) };
    }),
  );
  return roomiest(placed, (a, b) => Math.abs(b.middle - a.middle) >= (widths(a) + widths(b)) / 2 + GAP);
}

/** Up the side. */
export function ticksUp(axis: Axis, bottom: number, top: number, { fontSize }: Canvas): readonly PlacedTick[] {
  const placed = axis.ticks.map((ticks) =>
    ticks.map((tick) => {
      const place = bottom + axis.at(tick.value) * (top - bottom);
      return { ...tick, place, middle: place };
    }),
  );
  return roomiest(placed, (a, b) => Math.abs(b.middle - a.middle) >= fontSize * 1.7);
}

function roomiest(
  sets: readonly (readonly PlacedTick[])[],
  apart: (a: PlacedTick, b: PlacedTick) => boolean,
): readonly PlacedTick[] {
  const fits = (ticks: readonly PlacedTick[]) =>
    ticks.every((tick, index) => {
      const next = ticks[index + 1];
      return next === undefined || apart(tick, next);
    });
  const found = sets.find(fits);
  if (found !== undefined) return found;
  // Better the two ends than labels over one another.
  const last = sets.at(-1) ?? [];
  return [last[0], last.at(-1)].filter((tick) => tick !== undefined);
}
