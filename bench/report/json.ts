import type { Report } from "./report.ts";

/** Everything, with the headlines at the top. */
export function toJson({ headlines, ...rest }: Report): string {
  return JSON.stringify({ ...headlines, ...rest }, undefined, 2);
}

/** What `toJson` leaves at the top besides the headlines. */
const FIELDS = {
  format: true,
  startedAt: true,
  tookSeconds: true,
  mode: true,
  machine: true,
  commit: true,
  settings: true,
  answers: true,
  ratios: true,
  figures: true,
  plots: true,
  rows: true,
  layers: true,
} satisfies Record<keyof Omit<Report, "headlines">, true>;

/** What `toJson` wrote. @throws ReportError when it is something else */
export function fromJson(text: string): Report {
  const found = parse(text);
  if (found["format"] !== 2)
    throw new ReportError(
      `no report of this bench: its "format" is ${JSON.stringify(found["format"])}, not 2; write one with --json FILE`,
    );
  const missing = Object.keys(FIELDS).filter((field) => !(field in found) && field !== "commit");
  if (missing.length > 0) throw new ReportError(`no whole report: without ${missing.join(", ")}`);
  const headlines: Record<string, number> = {};
  for (const [name, value] of Object.entries(found)) {
    if (name in FIELDS) continue;
    // JSON has no NaN and says null.
    headlines[name] = typeof value === "number" ? value : Number.NaN;
    delete found[name];
  }
  return { ...(found as unknown as Omit<Report, "headlines">), headlines };
}

export class ReportError extends Error {
  override readonly name = "ReportError";
}

function parse(text: string): Record<string, unknown> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new ReportError(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw new ReportError("no report of this bench: no object");
  return { ...found };
}
