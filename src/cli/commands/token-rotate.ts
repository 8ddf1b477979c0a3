import type { Duration } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { keyIdOf } from "../credentials/key-id.ts";
import { parseLifetime } from "../credentials/lifetime.ts";
import { type SecretOptions, showSecretOf } from "../credentials/secret-output.ts";
import { instant } from "../credentials/token-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { line } from "../output.ts";
import { withClient } from "../with-client.ts";

/** Long enough to bring the new one to everybody who uses it, short enough to be waited for. */
const DEFAULT_OVERLAP = "1h";

interface Options extends ConnectionOptions, SecretOptions {
  readonly overlap: Duration;
  readonly lifetime?: Duration;
}

export function registerTokenRotate(parent: Command, shell: Shell): void {
  const command = leaf(parent, "rotate", "make a new API token with the rights of an old one, which then ends")
    .argument("<key-id>", "of the old one: the 12 characters after its second _, or the token itself")
    .addOption(
      new Option("--overlap <time>", "the old one works for this long yet, at most 7d; 0 for not at all")
        .argParser((text) => parseLifetime(text, "--overlap"))
        // In words, since help writes a default as JSON, which has no bigint.
        .default(parseLifetime(DEFAULT_OVERLAP, "--overlap"), DEFAULT_OVERLAP),
    )
    .option("--lifetime <time>", "of the new one: 90d, 12h (default: as the tenant's policy says)", (text) =>
      parseLifetime(text, "--lifetime"),
    )
    .option("--out <file>", "write the new token to this file, mode 0600, instead of stdout");
  runs<[string], Options>(connectionFlags(command), shell, rotate);
}

async function rotate(context: CliContext, options: Options, text: string): Promise<ExitCode> {
  const keyId = keyIdOf(text);
  return withClient(context, options, async (client) => {
    const { overlap, lifetime } = options;
    const { previous } = await showSecretOf(context, options, () =>
      client.credentials.rotateApiToken({ keyId, overlap, ...(lifetime && { lifetime }) }),
    );
    if (options.json !== true) line(context.stderr, `API token ${keyId} ends at ${instant(previous?.expiresAt)}`);
    return EXIT.ok;
  });
}
