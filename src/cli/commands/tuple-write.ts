import type { Command } from "commander";
import { TupleUpdate_Operation } from "../../gen/relata/v1/tuple_service_pb.ts";
import type { Tuple } from "../../model/tuple.ts";
import { formatTuple, parseTuple } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import { tupleToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly create?: boolean;
  readonly idempotencyKey?: string;
  readonly json?: boolean;
}

export function registerTupleWrite(parent: Command, shell: Shell): void {
  const command = leaf(parent, "write", "write tuples, all in one revision or none")
    .argument("<tuple...>", "type:id#relation@type:id, quoted where the shell needs it")
    .option("--create", "fail when one of them is already there, instead of replacing it")
    .option("--idempotency-key <key>", "a retried write with the same key happens once")
    .addHelpText(
      "after",
      "\nExample:\n  relata tuple write document:readme#viewer@user:anne document:readme#viewer@group:eng#member",
    );
  runs<[string[]], Options>(connectionFlags(command), shell, write);
}

async function write(context: CliContext, options: Options, texts: readonly string[]): Promise<ExitCode> {
  const tuples = distinct(texts.map(parseTuple));
  const operation = options.create === true ? TupleUpdate_Operation.CREATE : TupleUpdate_Operation.TOUCH;
  return withClient(context, options, async (client) => {
    const answer = await client.tuples.write({
      updates: tuples.map((tuple) => ({ operation, tuple: tupleToWire(tuple) })),
      idempotencyKey: options.idempotencyKey ?? "",
    });
    const { consistencyToken, replayed } = answer;
    if (options.json === true) json(context, { written: tuples.length, consistencyToken, replayed });
    else line(context.stdout, `${count(tuples.length, "tuple")} written${replayed ? " by an earlier call" : ""}`);
    return EXIT.ok;
  });
}

/** @throws CliError when one tuple is named twice: the server would refuse it, less readably. */
export function distinct(tuples: readonly Tuple[]): readonly Tuple[] {
  const seen = new Set<string>();
  for (const { caveat: _caveat, expiresAtMs: _expiry, ...identity } of tuples) {
    const key = formatTuple(identity);
    if (seen.has(key)) throw badInput(`${key} is given twice`);
    seen.add(key);
  }
  return tuples;
}
