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
}

/**
 * Has a token made and shows its secret, which no server tells a second time: on stdout, or in a file of mode 0600. The
 * file is opened before the token is made, so that a path that cannot be written to costs no token.
 */
export async function showSecretOf(
  context: CliContext,
  options: SecretOptions,
  make: () => Promise<Made>,
): Promise<void> {
  const file = options.out === undefined ? undefined : await openDraft(context, options.out);
  const made = await make().catch(async (error: unknown) => {
    await file?.discard();
    throw error;
  });
  if (file !== undefined) await keep(file, made);
  const { secret, token } = made;
  if (options.json === true) json(context, { ...(options.out === undefined && { secret }), token: tokenToJson(token) });
  else if (options.out === undefined) line(context.stdout, secret);
  else line(context.stdout, `API token ${token?.keyId} written to ${options.out}`);
  if (options.out === undefined)
    line(context.stderr, `API token ${token?.keyId}: its secret is on stdout, and is not shown again. Keep it now.`);
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
