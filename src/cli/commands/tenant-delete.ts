import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { askOnTerminal } from "../confirm.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { line } from "../output.ts";
import { followJob, secondsOf } from "../tenants/follow-job.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly yes?: boolean;
  /** False with --no-wait. */
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function registerTenantDelete(parent: Command, shell: Shell): void {
  const command = leaf(parent, "delete", "remove a tenant for good, with everything but the record of what was done")
    .argument("<slug>")
    .option("--yes", "do not ask; needed where nobody sits at a terminal")
    .option("--no-wait", "begin it and return; the same command tells later how far it is")
    .addHelpText(
      "after",
      "\nThere is no way back: `relata tenant export` first. The slug is never given to another tenant.\n\nExample:\n  relata tenant delete acme",
    );
  runs<[string], Options>(connectionFlags(command), shell, remove);
}

async function remove(context: CliContext, options: Options, slug: string): Promise<ExitCode> {
  if (options.yes !== true) {
    if (context.stdin.isTTY !== true || context.stdout.isTTY !== true || options.json === true)
      throw badInput("nobody was asked whether to remove the tenant for good; nothing was done", {
        hint: `relata tenant delete ${slug} --yes`,
      });
    const question = `This removes tenant ${slug} for good: tuples, schema, credentials. Type its slug to go on: `;
    if ((await askOnTerminal(context, question)) !== slug) {
      line(context.stdout, "nothing was removed");
      return EXIT.negative;
    }
  }
  return withClient(context, options, async (client) => {
    const request = { slug, confirmSlug: slug };
    const { job } = await followJob(context, options, () => client.tenants.delete(request));
    if (options.json === true || options.wait === false) return EXIT.ok;
    line(context.stdout, `tenant ${slug} is removed${job === undefined ? "" : `: ${secondsOf(job)}`}`);
    return EXIT.ok;
  });
}
