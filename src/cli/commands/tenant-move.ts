import type { Command } from "commander";
import { Placement } from "../../gen/relata/v1/tenant_service_pb.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { count, line } from "../output.ts";
import { followJob, secondsOf } from "../tenants/follow-job.ts";
import { withClient } from "../with-client.ts";

const PLACEMENTS = { own: Placement.OWN, shared: Placement.SHARED } as const;
type PlacementName = keyof typeof PLACEMENTS;

interface Options extends ConnectionOptions {
  readonly to?: PlacementName;
  /** False with --no-wait. */
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function registerTenantMove(parent: Command, shell: Shell): void {
  const command = leaf(parent, "move", "move a tenant's tuples to a partition of its own, or back, while it is in use")
    .argument("<slug>")
    .option("--to <placement>", "own or shared (default: own)", parsePlacement)
    .option("--no-wait", "begin it and return; the same command tells later how far it is")
    .addHelpText(
      "after",
      "\nThe server does the work: stopping this command does not stop the move, and running it again follows it.\n\nExample:\n  relata tenant move acme --to own",
    );
  runs<[string], Options>(connectionFlags(command), shell, move);
}

function parsePlacement(text: string): PlacementName {
  if (text === "own" || text === "shared") return text;
  throw badInput(`not a placement: ${JSON.stringify(text)}`, { where: "--to", hint: "own or shared" });
}

async function move(context: CliContext, options: Options, slug: string): Promise<ExitCode> {
  const { to = "own" } = options;
  return withClient(context, options, async (client) => {
    const request = { slug, placement: PLACEMENTS[to] };
    const { job } = await followJob(context, options, () => client.tenants.move(request));
    if (options.json === true || options.wait === false) return EXIT.ok;
    const where = to === "own" ? "in a partition of its own" : "in a partition with others";
    if (job === undefined) line(context.stdout, `tenant ${slug} is ${where} already`);
    else line(context.stdout, `tenant ${slug} is ${where}: ${count(Number(job.copied), "tuple")}, ${secondsOf(job)}`);
    return EXIT.ok;
  });
}
