import { toJson } from "../json.ts";
import type { Report } from "../report.ts";

/** One file without any reference to another. */
export function renderHtml(report: Report): string {
  return `<!doctype html><pre>${toJson(report).replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</pre>`;
}
