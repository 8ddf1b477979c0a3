import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import type { AuditRetention } from "../../storage/postgres/audit-retention.ts";
import { DATABASE_URL_HELP, type RetentionOptions, withRetention } from "../audit/open-retention.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { configFlags } from "../config-flags.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { parseSince } from "../instant-flag.ts";
import { count, json, line } from "../output.ts";

interface Options extends RetentionOptions {
  readonly tenant?: string;
  readonly platform?: boolean;
  readonly actor?: string;
  readonly mentions?: string;
  readonly from?: Timestamp;
  readonly until?: Timestamp;
  readonly reason?: string;
  readonly json?: boolean;
}

export function registerAuditErase(parent: Command, shell: Shell): void {
  const { now } = shell.context;
  const command = leaf(
    parent,
    "erase",
    "erase what names persons from events, on the database itself; the chain stays sound",
  )
    .option("--tenant <slug>", "in the record of this tenant, also one that was removed")
    .option("--platform", "in the platform's record")
    .option("--actor <who>", "of events by exactly this caller: issuer|subject")
    .option(
      "--mentions <text>",
      "of events whose personal part holds this text anywhere: user:ann is in user:anna, too",
    )
    .option("--from <time>", "recorded at or after: 2026-01-31T12:00:00Z, or 24h for that long ago", (text) =>
      parseSince(text, "--from", now()),
    )
    .option("--until <time>", "recorded before", (text) => parseSince(text, "--until", now()))
    .option("--reason <text>", "kept in the event that tells of it, where it can be erased as well")
    .option("--database-url <url>", DATABASE_URL_HELP)
    .addHelpText(
      "after",
      "\nCaller, credential, address, tuples and names go; what happened, when and in which request stays. There is no way back: look\nfirst, `relata audit list` takes the same --actor and --mentions. Backups and exports keep what they have.\n\nExample:\n  relata audit erase --tenant acme --mentions user:anne --reason 'request 4711'",
    );
  runs<[], Options>(configFlags(command), shell, erase);
}

async function erase(context: CliContext, options: Options): Promise<ExitCode> {
  const { tenant, platform = false, actor, mentions, from, until, reason = "" } = options;
  if ((tenant === undefined) === !platform) throw badInput("give --tenant or --platform, one of the two");
  if (!actor && !mentions) throw badInput("give --actor or --mentions: whom the events name");
  const filter = {
    ...(actor !== undefined && { actor }),
    ...(mentions !== undefined && { mentions }),
    ...(from !== undefined && { fromMs: timestampMs(from) }),
    ...(until !== undefined && { untilMs: timestampMs(until) }),
  };
  const erased = await withRetention(context, options, async (retention, by) =>
    retention.erase(tenant === undefined ? PLATFORM_CHAIN : await chainOf(retention, tenant), filter, by, reason),
  );
  if (options.json === true) json(context, { erased });
  else line(context.stdout, `what named persons is erased from ${count(erased, "event")}`);
  return erased === 0 ? EXIT.negative : EXIT.ok;
}

async function chainOf(retention: AuditRetention, slug: string): Promise<string> {
  const id = await retention.tenantId(slug);
  if (id !== undefined) return id;
  throw badInput(`there is no tenant ${JSON.stringify(slug)}, and never was one`, { where: "--tenant" });
}
