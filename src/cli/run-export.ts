import type { CliContext } from "./context.ts";
import { openDraft } from "./draft-file.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { json, line } from "./output.ts";

interface ExportOptions {
  /** Left out: to stdout, which then has nothing else. */
  readonly out?: string;
  readonly json?: boolean;
}

/**
 * Writes what is exported into a file that is there once it is whole, or to stdout; of a file it says what is in it.
 * @param described what was exported, in words
 */
export async function runExport<Done extends object>(
  context: CliContext,
  options: ExportOptions,
  exportAll: (write: (text: string) => Promise<void>) => Promise<Done>,
  described: (done: Done) => string,
): Promise<ExitCode> {
  const { out } = options;
  const file = out === undefined ? undefined : await openDraft(context, out);
  try {
    const done = await exportAll(async (text) => {
      if (file === undefined) context.stdout.write(text);
      else await file.write(text);
    });
    await file?.keep();
    if (out !== undefined && options.json === true) json(context, { file: out, ...done });
    else if (out !== undefined) line(context.stdout, `${described(done)} written to ${out}`);
    return EXIT.ok;
  } catch (error) {
    await file?.discard();
    throw error;
  }
}
