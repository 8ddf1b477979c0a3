/** A label that wants to stand at a height and takes so much of it. */
export interface WantedLabel {
  readonly at: number;
  readonly height: number;
}

/** The middles of labels, none over another, each as near as can be to where it wants to be, in the order they were given. */
export function spreadLabels(wanted: readonly WantedLabel[], top: number, bottom: number): readonly number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a]?.at ?? 0) - (wanted[b]?.at ?? 0));
  const places = new Map<number, number>();
  let free = top;
  for (const index of order) {
    const { at, height } = wanted[index] ?? { at: 0, height: 0 };
    const middle = Math.max(at, free + height / 2);
    places.set(index, middle);
    free = middle + height / 2;
  }
  // Whatever was pushed out at the bottom pushes back.
  let limit = bottom;
  for (const index of order.toReversed()) {
    const { height } = wanted[index] ?? { height: 0 };
    const middle = Math.min(places.get(index) ?? 0, limit - height / 2);
    places.set(index, middle);
    limit = middle - height / 2;
  }
  return wanted.map((_, index) => places.get(index) ?? 0);
}
