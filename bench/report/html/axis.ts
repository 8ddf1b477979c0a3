export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Axis {
  /** With its unit. */
  readonly title: string;
  /** 0 at its begin, 1 at its end. */
  at(value: number): number;
  /** Sets of ticks, from many to few: a plot takes the first whose labels have room. */
  readonly ticks: readonly (readonly Tick[])[];
}

type Format = (value: number) => string;

/** A marker on the very edge would be cut. */
const EDGE = 1.06;

/** From zero, or from the smallest value, to the largest, widened to round numbers. */
export function linearAxis(title: string, values: readonly number[], format: Format, fromZero = true): Axis {
  const top = Math.max(...values, fromZero ? 0 : Number.NEGATIVE_INFINITY);
  const bottom = fromZero ? 0 : Math.min(...values);
  const span = top - bottom || Math.abs(top) || 1;
  const step = niceStep(span / 5);
  const from = Math.floor(bottom / step + 1e-9) * step;
  const to = Math.max(Math.ceil(top / step - 1e-9) * step, from + step);
  const every = (size: number) => {
    const first = Math.ceil(from / size - 1e-9);
    const count = Math.floor(to / size + 1e-9) - first + 1;
    return Array.from({ length: count }, (_, index) => tick((first + index) * size, format));
  };
  return {
    title,
    at: (value) => (value - from) / (to - from),
    ticks: [every(step), every(step * 2), every(step * 5), [tick(from, format), tick(to, format)]],
  };
}

/** Over the powers of ten; values must be above zero. With `marked`, the ticks are where something was measured. */
export function logAxis(title: string, values: readonly number[], format: Format, marked?: readonly number[]): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = marked === undefined ? 1 : 1.12;
  const [from, to] = widened(marked ? low / room : roundDown(low / EDGE), marked ? high * room : roundUp(high * EDGE));
  const within = (value: number) => value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9);
  const decades = Array.from({ length: Math.ceil(Math.log10(to / from)) + 2 }, (_, index) =>
    Number(`1e${Math.floor(Math.log10(from)) + index}`),
  );
  const set = (factors: readonly number[], stride = 1) =>
    decades
      .filter((_, index) => index % stride === 0)
      .flatMap((decade) => factors.map((factor) => Number((decade * factor).toPrecision(6))))
      .filter(within)
      .map((value) => tick(value, format));
  const fine = to / from < 8 ? [set([1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]), set([1, 1.5, 2, 3, 4, 6, 8])] : [];
  const round = [...fine, set([1, 2, 5]), set([1, 3]), set([1]), set([1], 2), set([1], 3)].filter(
    ({ length }) => length > 1,
  );
  return {
    title,
    at: (value) => Math.log(value / from) / Math.log(to / from),
    ticks: marked === undefined ? round : [...thinned(marked, format), ...round],
  };
}

const NINES = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];

/**
 * As HDR histograms are drawn: each nine takes as much room as the one before.
 * @param calls of the largest load: the slowest of so many is the last that can be told
 */
export function percentileAxis(title: string, calls: number): Axis & { atOf(share: number, calls: number): number } {
  const nines = Math.min(Math.max(Math.log10(Math.max(calls, 1)), 2), 6);
  const place = (share: number, of: number) =>
    Math.min(Math.log10(1 / Math.max(1 - share, 1 / Math.max(of, 2))), nines) / nines;
  const shown = NINES.filter((share) => share === 0 || Math.log10(1 / (1 - share)) <= nines + 1e-9);
  const label = (share: number) => `${Number((share * 100).toFixed(5))} %`;
  const sets = [shown, shown.filter((share) => share !== 0.5), shown.filter((_, index) => index % 2 === 0)];
  return {
    title,
    at: (share) => place(share, calls),
    atOf: place,
    ticks: sets.map((set) => set.map((share) => tick(share, label))),
  };
}

function tick(value: number, format: Format): Tick {
  // Sums of steps such as 0.1 have digits behind.
  const round = Number(value.toPrecision(10));
  return { value: round, label: format(round) };
}

/** All, every second, every third, each set with the last; two that read the same, such as 99,998 and 100,000, are one. */
function thinned(values: readonly number[], format: Format): readonly (readonly Tick[])[] {
  const byLabel = new Map(values.map((value) => [format(value), value]));
  const sorted = [...byLabel.values()].sort((a, b) => b - a);
  return [1, 2, 3, 4].map((stride) =>
    sorted
      .filter((_, index) => index % stride === 0)
      .map((value) => tick(value, format))
      .reverse(),
  );
}

function niceStep(rough: number): number {
  const decade = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => rough <= one * decade * (1 + 1e-9)) ?? 10;
  return factor * decade;
}

function roundDown(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  return decade * ([5, 2, 1].find((factor) => value >= factor * decade * (1 - 1e-9)) ?? 1);
}

function roundUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  return decade * ([1, 2, 5, 10].find((factor) => value <= factor * decade * (1 + 1e-9)) ?? 10);
}

/** Never less than a factor of four: a magnified wiggle would look like a trend. */
function widened(from: number, to: number): readonly [number, number] {
  if (to / from >= 4) return [from, to];
  const middle = Math.sqrt(from * to);
  return [middle / 2, middle * 2];
}
