import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { clientToJson } from "../credentials/client-text.ts";
import { formatLifetime, parseLifetime } from "../credentials/lifetime.ts";
import { type SecretOptions, showSecret } from "../credentials/secret-output.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { line } from "../output.ts";
import { withClient } from "../with-client.ts";

/** Long enough to bring the new one to everybody who uses it, short enough to be waited for. */
const DEFAULT_OVERLAP = "1h";

interface Options extends ConnectionOptions, SecretOptions {
  readonly overlap?: Duration;
}

export function registerClientRotate(parent: Command, shell: Shell): void {
  const command = leaf(parent, "rotate", "make a new secret for a client; the old one then ends")
    .argument("<client-id>", "`relata client list` shows it")
    .option(
      "--overlap <time>",
      `the old secret works for this long yet, at most 7d; 0 for not at all (default: ${DEFAULT_OVERLAP})`,
      (text) => parseLifetime(text, "--overlap"),
    )
    .option("--out <file>", "write the new secret to this file, mode 0600, instead of stdout");
  runs<[string], Options>(connectionFlags(command), shell, rotate);
}

async function rotate(context: CliContext, options: Options, clientId: string): Promise<ExitCode> {
  return withClient(context, options, async ({ clients }) => {
    const { overlap = parseLifetime(DEFAULT_OVERLAP, "--overlap") } = options;
    await showSecret(
      context,
      options,
      () => clients.rotateClientSecret({ clientId, overlap }),
      ({ client, clientSecret: secret }) => ({
        secret,
        what: `client ${client?.clientId}`,
        it: "its new secret",
        details: { client: clientToJson(client) },
        ifLost: `relata client rotate ${client?.clientId}`,
      }),
    );
    if (options.json !== true) line(context.stderr, `the old secret ends in ${formatLifetime(overlap)}`);
    return EXIT.ok;
  });
}
