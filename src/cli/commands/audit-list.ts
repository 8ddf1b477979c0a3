import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import type { RelataClient } from "../../client/relata-client.ts";
import type { AuditEvent } from "../../gen/relata/v1/audit_service_pb.ts";
import { EVENT_HEADINGS, eventRow, eventToJson } from "../audit/event-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { parseSince } from "../instant-flag.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000_000_000;
/** As many as a server gives at once. */
const MAX_PAGE = 1000;

interface Options extends ConnectionOptions {
  readonly event?: readonly string[];
  readonly actor?: string;
  readonly from?: Timestamp;
  readonly until?: Timestamp;
  readonly request?: string;
  readonly mentions?: string;
  readonly oldestFirst?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export function registerAuditList(parent: Command, shell: Shell): void {
  const { now } = shell.context;
  const command = leaf(parent, "list", "list what is on record, newest first; finding nothing is exit code 1")
    .option(
      "--event <name>",
      "of this kind, or of these: `tuples.written`, `api_token.*`; again for more",
      (text, before: readonly string[] = []) => [...before, text],
    )
    .option("--actor <who>", "by this caller: issuer|subject, as `list` shows it")
    .option("--from <time>", "recorded at or after: 2026-01-31T12:00:00Z, or 24h for that long ago", (text) =>
      parseSince(text, "--from", now()),
    )
    .option("--until <time>", "recorded before", (text) => parseSince(text, "--until", now()))
    .option("--request <id>", "of the request with this id")
    .option("--mentions <text>", "whose personal part holds this text: a subject, an object, an address")
    .option("--oldest-first", "in the order they were recorded")
    .option(
      "--limit <n>",
      "at most so many; 0 for all",
      (text) => parseCount(text, "--limit", 0, MAX_LIMIT),
      DEFAULT_LIMIT,
    )
    .addHelpText(
      "after",
      "\nWith a platform token it is the record of the platform: tenants made, bindings changed, callers refused.\n\nExample:\n  relata audit list --event 'tuples.*' --mentions user:anne --from 7d",
    );
  runs<[], Options>(connectionFlags(command), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const rows = [EVENT_HEADINGS];
    let found = 0;
    for await (const event of events(client, options)) {
      found += 1;
      if (options.json === true) json(context, eventToJson(event));
      else rows.push([...eventRow(event)]);
      if (found === options.limit) break;
    }
    if (found > 0 && options.json !== true) line(context.stdout, table(rows));
    if (found > 0 && found === options.limit)
      line(context.stderr, `stopped after ${found}; there may be more: --limit, --until`);
    return found === 0 ? EXIT.negative : EXIT.ok;
  });
}

async function* events(client: RelataClient, options: Options): AsyncGenerator<AuditEvent> {
  const { event, actor = "", from, until, request = "", mentions = "", oldestFirst = false, limit } = options;
  const question = {
    ...{ events: [...(event ?? [])], actor, requestId: request, mentions, oldestFirst },
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    pageSize: limit === 0 ? MAX_PAGE : Math.min(limit, MAX_PAGE),
  };
  let pageToken = "";
  do {
    const page = await client.audit.query({ ...question, pageToken });
    yield* page.events;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
