import { formatFigure } from "../format.ts";
import type { Against } from "../plots.ts";
import { spreadOf } from "../spread.ts";
import { type Axis, linearAxis, logAxis } from "./axis.ts";
import { rowFigure } from "./figure.ts";
import { type Markup, markup, px } from "./markup.ts";
import { compact, positive } from "./numbers.ts";
import type { PlotRow } from "./row-plot.ts";

/** As many as a printed page has room for. */
const MOST_ROWS = 16;

const TEXTS = {
  limit: {
    line: "the limit",
    axis: "ours ÷ limit",
    caption:
      "The limit is what the same machine does, in the same round, when it does next to nothing: an empty method on the same transport, the bare statement, memory read in order. At 1 there is nothing left to gain.",
  },
  peer: {
    line: "as they",
    axis: "ours ÷ theirs",
    caption:
      "The same tuples, questions and connections, asked of the other system in the same round. To the right of 1 relata does more. The axis is logarithmic: twice and half are as far from 1.",
  },
} as const;

/** Bars of ratios with the spread of their rounds. */
export function againstPlots(against: readonly Against[], kind: Against["kind"]): readonly Markup[] {
  const ofKind = against.filter((one) => one.kind === kind && positive(spreadOf(one.samples).median));
  const drawable = [...Map.groupBy(ofKind, (one) => one.against).values()].flat();
  const parts = Array.from({ length: Math.ceil(drawable.length / MOST_ROWS) }, (_, part) =>
    drawable.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS),
  );
  return parts.map((part) => againstPlot(part, kind, axisOf(drawable, kind)));
}

function againstPlot(
  part: readonly Against[],
  kind: Against["kind"],
  { axis, base }: { axis: Axis; base: number },
): Markup {
  const text = TEXTS[kind];
  return rowFigure(
    {
      head: headOf(part, kind),
      caption: [
        text.caption,
        ...(kind === "limit" && base === 1
          ? [
              "The axis is logarithmic, since something here is far from 1: a bar is what is missing to the limit, or what is beyond it.",
            ]
          : []),
        "A bar is the median of the ratios of all rounds; the whisker goes from the smallest to the largest, and each dot is a round. Where a whisker crosses 1, this run does not tell which is ahead.",
      ],
    },
    {
      title: `${text.axis}: ${part.map(({ what, against, samples }) => `${what} against ${against} ${formatFigure(spreadOf(samples).median)}`).join("; ")}`,
      axis,
      lines: [{ at: 1, label: `1: ${text.line}` }],
      rows: part.map((one, index) => rowOf(one, part[index - 1]?.against !== one.against, base)),
    },
  );
}

function headOf(part: readonly Against[], kind: Against["kind"]): string {
  if (kind === "limit") return "What of the limit is reached";
  const groups = [...Map.groupBy(part, ({ against }) => against)].map(([against, members]) => {
    const medians = members.map(({ samples }) => spreadOf(samples).median);
    const [least, most] = [formatFigure(Math.min(...medians)), formatFigure(Math.max(...medians))];
    return `${least === most ? least : `${least} to ${most}`} × ${against}`;
  });
  return groups.join(", ");
}

function axisOf(all: readonly Against[], kind: Against["kind"]): { axis: Axis; base: number } {
  const values = all.flatMap(({ samples }) => samples).filter(positive);
  const title = TEXTS[kind].axis;
  if (kind === "limit" && Math.max(...values) <= 4)
    return { axis: linearAxis(title, [...values, 1], (value) => compact(value)), base: 0 };
  return { axis: logAxis(title, [...values, 0.8, 1.25], (value) => compact(value)), base: 1 };
}

function rowOf({ what, against, samples }: Against, first: boolean, base: number): PlotRow {
  const { n, median, min, max } = spreadOf(samples);
  const range = n > 1 ? ` (${formatFigure(min)}–${formatFigure(max)})` : "";
  return {
    label: what,
    ...(first && { heading: `against ${against}` }),
    value: `${formatFigure(median)}${range}`,
    note: `${what} against ${against}: median ${formatFigure(median)} of ${n} rounds${n > 1 ? `, ${formatFigure(min)} to ${formatFigure(max)}` : ""}`,
    draw: (at, y) => {
      const [from, to] = [Math.min(at(base), at(median)), Math.max(at(base), at(median))];
      const bar = markup`<rect class="bar" x="${px(from)}" y="${px(y - 7)}" width="${px(Math.max(to - from, 1))}" height="14"/>`;
      if (n < 2) return bar;
      const dots = samples
        .filter(positive)
        .map((sample) => markup`<circle class="round" cx="${px(at(sample))}" cy="${px(y)}" r="2.4"/>`);
      return markup`${bar}<path class="whisker" d="M${px(at(min))} ${px(y - 5)}v10M${px(at(min))} ${px(y)}H${px(at(max))}M${px(at(max))} ${px(y - 5)}v10"/>${dots}`;
    },
  };
}
