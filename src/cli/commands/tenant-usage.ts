import { toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { type CallsOfDay, type UsageResponse, UsageResponseSchema } from "../../gen/relata/v1/tenant_service_pb.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { placementText, stateText } from "../tenants/tenant-text.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly days?: number;
  readonly json?: boolean;
}

const MOST_DAYS = 400;

export function registerTenantUsage(parent: Command, shell: Shell): void {
  const command = leaf(parent, "usage", "what a tenant has stored, and how often it called")
    .argument("<slug>")
    .option("--days <n>", "of calls, today included (default: 30)", (text) => parseCount(text, "--days", 1, MOST_DAYS));
  runs<[string], Options>(connectionFlags(command), shell, usage);
}

async function usage(context: CliContext, options: Options, slug: string): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const answer = await client.tenants.usage({ slug, days: options.days ?? 0 });
    if (options.json === true) json(context, toJson(UsageResponseSchema, answer));
    else {
      line(context.stdout, table(figuresOf(answer)));
      if (answer.calls.length > 0) line(context.stdout, `\n${table(callsByDay(answer.calls))}`);
    }
    return EXIT.ok;
  });
}

function figuresOf(answer: UsageResponse): readonly (readonly string[])[] {
  const { tenant, tuplesCounted, storageMeasured } = answer;
  const number = (figure: bigint | number) => figure.toLocaleString("en-US");
  return [
    ["state", tenant === undefined ? "" : stateText(tenant)],
    ["partition", tenant === undefined ? "" : placementText(tenant)],
    ["tuples", `${tuplesCounted ? "" : "more than "}${number(answer.tuples)}`],
    ["revisions", number(answer.revisions)],
    ["schema versions", number(answer.schemaVersions)],
    ["bytes", `${storageMeasured ? "" : "about "}${number(answer.storageBytes)}`],
    ["API tokens", number(answer.activeApiTokens)],
    ["last write", instantText(answer.lastWriteAt)],
    ["last call", instantText(answer.lastCallAt) || "none counted"],
  ];
}

function instantText(at: UsageResponse["lastCallAt"]): string {
  return at === undefined ? "" : timestampDate(at).toISOString();
}

/** A row a day, newest first; a column for each family that was called. */
function callsByDay(calls: readonly CallsOfDay[]): readonly (readonly string[])[] {
  const families = [...new Set(calls.map(({ family }) => family))].sort();
  const days = Map.groupBy(calls, ({ day }) => day);
  return [
    ["DAY", ...families.map((family) => family.toUpperCase())],
    ...[...days].map(([day, of]) => [
      day,
      ...families.map((name) => (of.find(({ family }) => family === name)?.calls ?? 0n).toLocaleString("en-US")),
    ]),
  ];
}
