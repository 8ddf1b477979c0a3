import { toJson } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { type ApiTokenPolicy, ApiTokenPolicySchema } from "../../gen/relata/v1/credential_service_pb.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { formatLifetime, parseLifetime } from "../credentials/lifetime.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

const MAX_ACTIVE = 4_294_967_295;

interface Options extends ConnectionOptions {
  readonly defaultLifetime?: Duration;
  readonly maxLifetime?: Duration;
  readonly maxActive?: number;
  readonly json?: boolean;
}

export function registerTokenPolicy(parent: Command, shell: Shell): void {
  const command = leaf(parent, "policy", "show what holds for the tenant's new API tokens, or change what flags name")
    .option("--default-lifetime <time>", "of a token that is made without one: 90d, 12h", (text) =>
      parseLifetime(text, "--default-lifetime"),
    )
    .option("--max-lifetime <time>", "the longest that may be asked for", (text) =>
      parseLifetime(text, "--max-lifetime"),
    )
    .option("--max-active <n>", "as many may be active at a time", (text) =>
      parseCount(text, "--max-active", 0, MAX_ACTIVE),
    );
  runs<[], Options>(connectionFlags(command), shell, policy);
}

async function policy(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const { defaultLifetime, maxLifetime, maxActive } = options;
    let { policy: now } = await client.credentials.getApiTokenPolicy({});
    if (defaultLifetime !== undefined || maxLifetime !== undefined || maxActive !== undefined) {
      const changed = {
        ...pick(defaultLifetime ?? now?.defaultLifetime, "defaultLifetime"),
        ...pick(maxLifetime ?? now?.maxLifetime, "maxLifetime"),
        maxActive: maxActive ?? now?.maxActive ?? 0,
      };
      requireOrder(changed);
      ({ policy: now } = await client.credentials.setApiTokenPolicy({ policy: changed }));
    }
    show(context, options, now);
    return EXIT.ok;
  });
}

/** The server names its fields; here it is flags that have to change together. */
function requireOrder({ defaultLifetime, maxLifetime }: { defaultLifetime?: Duration; maxLifetime?: Duration }): void {
  if (defaultLifetime === undefined || maxLifetime === undefined) return;
  if (durationMs(defaultLifetime) <= durationMs(maxLifetime)) return;
  const [usual, longest] = [formatLifetime(defaultLifetime), formatLifetime(maxLifetime)];
  throw badInput(`the default lifetime, ${usual}, would be longer than the longest, ${longest}`, {
    hint: "give --default-lifetime and --max-lifetime together",
  });
}

function pick<Name extends string>(value: Duration | undefined, name: Name): { [Key in Name]?: Duration } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Duration };
}

function show(context: CliContext, options: Options, policy: ApiTokenPolicy | undefined): void {
  if (policy === undefined) return;
  if (options.json === true) {
    json(context, toJson(ApiTokenPolicySchema, policy));
    return;
  }
  const rows = [
    ["default lifetime", formatLifetime(policy.defaultLifetime)],
    ["longest lifetime", formatLifetime(policy.maxLifetime)],
    ["active at a time", String(policy.maxActive)],
  ];
  line(context.stdout, table(rows));
}
