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

/**
 * Has a token made and shows its secret, which no server tells a second time: on stdout, or in a file of mode 0600. The
 * file is opened before the token is made, so that a path that cannot be written to costs no token.
 */
export async function showSecretOf<M extends Made>(
  context: CliContext,
  options: SecretOptions,
  make: () => Promise<M>,
): Promise<M> {
  const file = options.out === undefined ? undefined : await openDraft(context, options.out);
  const made = await make().catch(async (error: unknown) => {
    await file?.discard();
    throw error;
  });
  if (file !== undefined) await keep(file, made);
  show(context, options, made);
  return made;
}

function show(context: CliContext, { out, ...options }: SecretOptions, { secret, token, previous }: Made): void {
  if (options.json === true) {
    const more = previous === undefined ? {} : { previous: tokenToJson(previous) };
    json(context, { ...(out === undefined ? { secret } : { file: out }), token: tokenToJson(token), ...more });
  } else if (out === undefined) {
    line(context.stdout, secret);
    line(context.stderr, `API token ${token?.keyId}: it is on stdout, and is not shown again. Keep it now.`);
  } else line(context.stdout, `API token ${token?.keyId} written to ${out}`);
}

async function keep(file: DraftFile, { secret, token }: Made): Promise<void> {
  try {
    await file.write(`${secret}\n`);
    await file.keep();
  } catch (error) {
    await file.discard();
    const why = cannotWrite(file.path, error).message;
    throw new CliError(EXIT.unavailable, `API token ${token?.keyId} was made, but its secret is lost: ${why}`, {
      where: file.path,
      hint: `relata token revoke ${token?.keyId}`,
      cause: error,
    });
  }
}
