import type { Command } from "commander";
import { runs, type Shell } from "../command.ts";
import { EXIT } from "../exit.ts";
import { renderReference } from "../reference.ts";

/** Hidden: prints docs/cli.md. */
export function registerReference(program: Command, shell: Shell): void {
  runs<[], object>(program.command("reference", { hidden: true }), shell, async (context) => {
    context.stdout.write(renderReference(program));
    return EXIT.ok;
  });
}
