import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderHtml } from "./html/render-html.ts";
import { toJson } from "./json.ts";
import { renderMarkdown } from "./markdown.ts";
import type { Report } from "./report.ts";

/** A page, a summary and the JSON, named after when it began and how much was measured. @returns their paths */
export function writeReport(report: Report, directory: string): Promise<readonly string[]> {
  // Without colons, which some file systems refuse.
  const name = `${report.startedAt.replaceAll(":", "").replace(/\.\d+/, "")}-${report.mode}`;
  return writeFiles([
    [join(directory, `${name}.html`), renderHtml(report)],
    [join(directory, `${name}.md`), renderMarkdown(report)],
    [join(directory, `${name}.json`), `${toJson(report)}\n`],
  ]);
}

/** The page and the summary of a report that is there. @returns their paths */
export function drawReport(report: Report, base: string): Promise<readonly string[]> {
  return writeFiles([
    [`${base}.html`, renderHtml(report)],
    [`${base}.md`, renderMarkdown(report)],
  ]);
}

async function writeFiles(files: readonly (readonly [path: string, text: string])[]): Promise<readonly string[]> {
  for (const [path, text] of files) await writeFile(path, text);
  return files.map(([path]) => path);
}
