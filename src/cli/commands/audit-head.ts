import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { headToJson } from "../audit/head-file.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerAuditHead(parent: Command, shell: Shell): void {
  const command = leaf(
    parent,
    "head",
    "show where the chain of events ends, signed: kept elsewhere it proves later that nothing was cut off",
  ).addHelpText(
    "after",
    "\nExample, once an hour, into a place that whoever runs relata cannot change:\n  relata audit head --json >> heads.jsonl\n  relata audit verify --head heads.jsonl",
  );
  runs<[], Options>(connectionFlags(command), shell, show);
}

async function show(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const answer = await client.audit.head({});
    const { head, publicKey } = answer;
    if (options.json === true) json(context, headToJson(answer));
    else if (head !== undefined) {
      const rows = [
        ["chain", head.chain],
        ["event", String(head.seq)],
        ["hash", hex(head.hash)],
        ["signed at", head.signedAt === undefined ? "-" : timestampDate(head.signedAt).toISOString()],
        ["key", head.keyId === "" ? "not signed: no auditKeys are configured" : head.keyId],
        ...(publicKey.length === 0 ? [] : [["public key", Buffer.from(publicKey).toString("base64")]]),
      ];
      line(context.stdout, table(rows));
    }
    return EXIT.ok;
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
