import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { keyToJson } from "../credentials/client-text.ts";
import { instant } from "../credentials/token-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly now?: boolean;
  readonly withdrawOthers?: boolean;
  readonly json?: boolean;
}

export function registerKeysRotate(parent: Command, shell: Shell): void {
  const command = leaf(
    parent,
    "rotate",
    "publish a new signing key, which signs once everybody has had the time to fetch it; no token is refused for it",
  )
    .option("--now", "sign with it at once: who verifies tokens elsewhere may refuse them until he fetches keys again")
    .option(
      "--withdraw-others",
      "take all earlier keys out at once, with every token they signed: for a key that got out",
    );
  runs<[], Options>(connectionFlags(command), shell, rotate);
}

async function rotate(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async ({ clients }) => {
    const { now = false, withdrawOthers = false } = options;
    const { key } = await clients.rotateSigningKey({ now, withdrawOthers });
    if (options.json === true) json(context, keyToJson(key));
    else line(context.stdout, `key ${key?.kid} signs from ${instant(key?.activatesAt)} on`);
    if (withdrawOthers && options.json !== true) {
      line(context.stderr, "all earlier keys are withdrawn: nothing they signed is accepted");
    }
    return EXIT.ok;
  });
}
