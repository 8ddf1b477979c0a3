import { readFile } from "node:fs/promises";
import { fromJson, ReportError } from "./json.ts";
import { drawReport } from "./write-report.ts";

/** Draws reports again that were written before, each beside its file. @returns the exit code */
export async function redraw(files: readonly string[], print: (line: string) => void): Promise<0 | 2> {
  if (files.length === 0) {
    print("usage: npm run bench -- report FILE.json...   (writes FILE.html and FILE.md beside it)");
    return 2;
  }
  for (const file of files) {
    try {
      const report = fromJson(await readFile(file, "utf8"));
      for (const path of await drawReport(report, file.replace(/\.json$/, ""))) print(`wrote ${path}`);
    } catch (error) {
      if (!(error instanceof ReportError || isFileError(error))) throw error;
      print(`${file}: ${error.message}`);
      return 2;
    }
  }
  return 0;
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
