/** A name and its values, plain enough to be sent between processes as JSON. */
export interface MetricFamily {
  /** In Prometheus's manner: base units, `_total` for what only grows. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** What comes behind the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** Reads its values when it is asked, and costs nothing in between. */
export type MetricSource = () => readonly MetricFamily[];

export function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, type: "gauge", help, samples: [{ value }] };
}

export function counter(name: string, help: string, value: number): MetricFamily {
  return { name, type: "counter", help, samples: [{ value }] };
}

/** One value for each of a label's. */
export function byLabel(
  type: "counter" | "gauge",
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): MetricFamily {
  const samples = Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { name, type, help, samples };
}

/** Families of several processes as one list, each sample with a label that says whose it is. */
export function mergeFamilies(
  label: string,
  byProcess: ReadonlyMap<string, readonly MetricFamily[]>,
): readonly MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const [process, families] of byProcess) {
    for (const family of families) {
      const samples = family.samples.map((sample) => ({ ...sample, labels: { [label]: process, ...sample.labels } }));
      const before = merged.get(family.name)?.samples ?? [];
      merged.set(family.name, { ...family, samples: [...before, ...samples] });
    }
  }
  return [...merged.values()];
}

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus's text format, https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function exposition(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`);
    for (const { suffix = "", labels, value } of samples) {
      lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
