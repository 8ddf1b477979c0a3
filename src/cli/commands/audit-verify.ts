import type { Command } from "commander";
import { type KeptHead, parsePublicKey, readHeads } from "../audit/head-file.ts";
import { tellReport } from "../audit/report.ts";
import { verifyFile } from "../audit/verify-file.ts";
import { verifyOnServer } from "../audit/verify-server.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, type ExitCode } from "../exit.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly head?: readonly string[];
  readonly publicKey?: Uint8Array;
  readonly part?: boolean;
  readonly json?: boolean;
}

export function registerAuditVerify(parent: Command, shell: Shell): void {
  const command = leaf(
    parent,
    "verify",
    "prove that no event was changed, removed, moved or put in: of an export, without a server, or of the server's own record",
  )
    .argument("[file]", "what `relata audit export` wrote, - for stdin (default: ask the server)")
    .option(
      "--head <file>",
      "heads that were kept, of `relata audit head --json`: with them a cut tail is found; again for more",
      (text, before: readonly string[] = []) => [...before, text],
    )
    .option(
      "--public-key <base64>",
      "with FILE: every head must be signed by this key (default: the key it came with)",
      parsePublicKey,
    )
    .option("--part", "with FILE: it was exported with --from or --to, so that what lies beyond is not missed")
    .addHelpText(
      "after",
      "\nSound is exit code 0, broken is 1.\n\nExample:\n  relata audit export --out record.jsonl\n  relata audit verify record.jsonl --head heads.jsonl",
    );
  runs<[string | undefined], Options>(connectionFlags(command), shell, verify);
}

async function verify(context: CliContext, options: Options, file: string | undefined): Promise<ExitCode> {
  const { publicKey, part: isPart = false } = options;
  if (file === undefined && (publicKey !== undefined || isPart))
    throw badInput("--public-key and --part go with a file: a server trusts its own keys and proves the whole chain");
  const heads: KeptHead[] = [];
  for (const path of options.head ?? []) heads.push(...(await readHeads(context, path)));
  const report =
    file === undefined
      ? await withClient(context, options, (client) => verifyOnServer(client, heads))
      : await verifyFile(context, { path: file, heads, publicKey, isPart });
  return tellReport(context, report, options.json === true);
}
