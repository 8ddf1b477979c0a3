import type { ApiToken } from "../../gen/relata/v1/credential_service_pb.ts";
import type { CliContext } from "../context.ts";
import { type DraftFile, openDraft } from "../draft-file.ts";
import { CliError, EXIT } from "../exit.ts";
import { cannotWrite } from "../files.ts";
import { json, line } from "../output.ts";
import { tokenToJson } from "./token-text.ts";

export interface SecretOptions {
  readonly out?: string;
  readonly json?: boolean;
}

interface Made {
  readonly secret: string;
  readonly token?: ApiToken | undefined;
  /** The one that it takes the place of. */
  readonly previous?: ApiToken | undefined;
}

/** Has an API token made and shows it; see showSecret. */
export function showSecretOf<M extends Made>(
  context: CliContext,
  options: SecretOptions,
  make: () => Promise<M>,
): Promise<M> {
  return showSecret(context, options, make, ({ secret, token, previous }) => ({
    secret,
    what: `API token ${token?.keyId}`,
    it: "it",
    details: { token: tokenToJson(token), ...(previous !== undefined && { previous: tokenToJson(previous) }) },
    ifLost: `relata token revoke ${token?.keyId}`,
  }));
}

/** How a secret is told of. */
export interface ShownSecret {
  readonly secret: string;
  /** `API token x`, `client x`: has no secret in it. */
  readonly what: string;
  /** What is on stdout: `it`, `its secret`. */
  readonly it: string;
  /** For `--json`, without the secret. */
  readonly details: object;
  /** The command that mends a secret nobody has. */
  readonly ifLost: string;
}

/**
 * Has a secret made and shows it, which no server tells a second time: on stdout, or in a file of mode 0600. The file is
 * opened before the secret is made, so that a path that cannot be written to costs none.
 */
export async function showSecret<M>(
  context: CliContext,
  options: SecretOptions,
  make: () => Promise<M>,
  tell: (made: M) => ShownSecret,
): Promise<M> {
  const file = options.out === undefined ? undefined : await openDraft(context, options.out);
  const made = await make().catch(async (error: unknown) => {
    await file?.discard();
    throw error;
  });
  const shown = tell(made);
  if (file !== undefined) await keep(file, shown);
  show(context, options, shown);
  return made;
}

function show(
  context: CliContext,
  { out, ...options }: SecretOptions,
  { secret, what, it, details }: ShownSecret,
): void {
  if (options.json === true) {
    json(context, { ...(out === undefined ? { secret } : { file: out }), ...details });
  } else if (out === undefined) {
    line(context.stdout, secret);
    line(context.stderr, `${what}: ${it} is on stdout, and is not shown again. Keep it now.`);
  } else line(context.stdout, `${what} written to ${out}`);
}

async function keep(file: DraftFile, { secret, what, ifLost }: ShownSecret): Promise<void> {
  try {
    await file.write(`${secret}\n`);
    await file.keep();
  } catch (error) {
    await file.discard();
    const why = cannotWrite(file.path, error).message;
    throw new CliError(EXIT.unavailable, `${what} was made, but its secret is lost: ${why}`, {
      where: file.path,
      hint: ifLost,
      cause: error,
    });
  }
}
