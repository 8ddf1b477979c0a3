/**
 * Prometheus's text as a map from `name{label="value"}` to its value.
 * @throws for a line that is none, a family told twice or a sample without one
 */
export function readExposition(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const families = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const family = /^# TYPE (\S+) (?:counter|gauge|histogram)$/.exec(line)?.[1];
    if (family !== undefined) {
      if (families.has(family)) throw new Error(`${family} is told twice`);
      families.add(family);
    } else if (!line.startsWith("# HELP ")) {
      const match = /^(([a-z_][a-z0-9_]*)(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})?) (\S+)$/.exec(line);
      const [, sample = "", name = "", value = ""] = match ?? [];
      const isKnown = [name, name.replace(/_(?:bucket|sum|count)$/, "")].some((known) => families.has(known));
      if (match === null || !isKnown) throw new Error(`no sample of any family: ${line}`);
      if (samples.has(sample)) throw new Error(`told twice: ${line}`);
      samples.set(sample, value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value));
    }
  }
  return samples;
}
