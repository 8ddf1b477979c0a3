import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { cannotWrite } from "../files.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

const MAX_VERSION = 2_147_483_647;

interface Options extends ConnectionOptions {
  readonly schemaVersion?: number;
  readonly output?: string;
  readonly json?: boolean;
}

export function registerSchemaPull(parent: Command, shell: Shell): void {
  const command = leaf(parent, "pull", "print the tenant's schema, or write it to a file")
    .option("--schema-version <n>", "an older version instead of the current one", (text) =>
      parseCount(text, "--schema-version", 1, MAX_VERSION),
    )
    .option("-o, --output <file>", "write to this file instead of stdout");
  runs<[], Options>(connectionFlags(command), shell, pull);
}

async function pull(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const answer = await client.schemas.read({ version: options.schemaVersion ?? 0 });
    const { text, version, name } = answer;
    if (options.output !== undefined) await save(context, options.output, text);
    if (options.json === true) {
      const createdAt = answer.createdAt && timestampDate(answer.createdAt).toISOString();
      json(context, {
        name,
        version,
        createdAt,
        ...(options.output === undefined ? { text } : { file: options.output }),
      });
    } else if (options.output === undefined) context.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    else line(context.stdout, `version ${version} written to ${options.output}`);
    return EXIT.ok;
  });
}

async function save(context: CliContext, file: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(context.cwd, file), text);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}
