import type { Report } from "./report.ts";
import { damageOf, FORMAT, reportShape } from "./report-shape.ts";

/** Everything, with the headlines at the top. */
export function toJson({ headlines, ...rest }: Report): string {
  return JSON.stringify({ ...headlines, ...rest }, undefined, 2);
}

/** What `toJson` wrote. @throws ReportError when it is something else */
export function fromJson(text: string): Report {
  const found = parse(text);
  if (found["format"] !== FORMAT)
    throw new ReportError(
      `no report of this bench: its "format" is ${JSON.stringify(found["format"])}, not ${FORMAT}; write one with --json FILE`,
    );
  const { shape } = reportShape;
  const missing = Object.keys(shape).filter((field) => !(field in found) && field !== "commit");
  if (missing.length > 0) throw new ReportError(`no whole report: without ${missing.join(", ")}`);
  const parsed = reportShape.safeParse(found);
  if (!parsed.success) throw new ReportError(`a damaged report, at ${damageOf(parsed.error)}`);
  const headlines: Record<string, number> = {};
  // JSON has no NaN and says null.
  for (const [name, value] of Object.entries(found)) {
    if (name in shape) continue;
    // JSON has no NaN and says null.
    headlines[name] = typeof value === "number" ? value : Number.NaN;
    delete found[name];
  }
  // As it was written, not as it was parsed, which has another order: a page drawn again is the same page.
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
