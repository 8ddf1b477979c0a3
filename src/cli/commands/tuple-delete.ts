import type { Command } from "commander";
import type { RelataClient } from "../../client/relata-client.ts";
import { TupleUpdate_Operation } from "../../gen/relata/v1/tuple_service_pb.ts";
import { parseTuple } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import { type FilterOptions, filterFlags, filterOf, isEmptyFilter } from "../tuple-filter.ts";
import { tupleToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";
import { distinct } from "./tuple-write.ts";

interface Options extends ConnectionOptions, FilterOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

export function registerTupleDelete(parent: Command, shell: Shell): void {
  const command = leaf(parent, "delete", "delete the tuples named, or all that a filter selects")
    .argument("[tuple...]", "type:id#relation@type:id; those that are not there are passed over")
    .option("--all", "with a filter: go on past the server's limit of one call, in several revisions")
    .addHelpText(
      "after",
      "\nExamples:\n  relata tuple delete document:readme#viewer@user:anne\n  relata tuple delete --object-type document --object-id readme",
    );
  runs<[string[]], Options>(connectionFlags(filterFlags(command)), shell, remove);
}

async function remove(context: CliContext, options: Options, texts: readonly string[]): Promise<ExitCode> {
  const named = texts.length > 0;
  if (named && !isEmptyFilter(options)) throw badInput("name tuples or give a filter, not both");
  if (!named && isEmptyFilter(options)) {
    throw badInput("nothing says what to delete", { hint: "name tuples, or give a filter such as --object-type" });
  }
  const tuples = distinct(texts.map(parseTuple));
  return withClient(context, options, async (client) => {
    if (named) {
      const operation = TupleUpdate_Operation.DELETE;
      const updates = tuples.map((tuple) => ({ operation, tuple: tupleToWire(tuple) }));
      const { consistencyToken } = await client.tuples.write({ updates });
      if (options.json === true) json(context, { requested: tuples.length, consistencyToken });
      else line(context.stdout, `${count(tuples.length, "tuple")} deleted, or not there before`);
      return EXIT.ok;
    }
    const { deleted, consistencyToken } = await deleteMatching(client, options);
    if (options.json === true) json(context, { deleted, consistencyToken });
    else line(context.stdout, `${count(deleted, "tuple")} deleted`);
    return EXIT.ok;
  });
}

async function deleteMatching(
  client: RelataClient,
  options: Options,
): Promise<{ deleted: number; consistencyToken: string }> {
  const request = { filter: filterOf(options), allowPartial: options.all === true };
  let deleted = 0;
  for (;;) {
    const answer = await client.tuples.delete(request);
    deleted += Number(answer.deleted);
    if (answer.complete) return { deleted, consistencyToken: answer.consistencyToken };
  }
}
