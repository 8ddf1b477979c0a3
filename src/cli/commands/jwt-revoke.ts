import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { revocationToJson, whatIsRevoked } from "../credentials/revocation-text.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { parseInstant } from "../instant-flag.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly jti?: string;
  readonly subject?: string;
  readonly issuedBefore?: Timestamp;
  readonly reason?: string;
  readonly json?: boolean;
}

export function registerJwtRevoke(parent: Command, shell: Shell): void {
  const command = leaf(parent, "revoke", "refuse one JWT, or all of a subject that were issued before an instant")
    .argument("<issuer>", "the exact iss of the tokens")
    .option("--jti <id>", "the one token with this jti")
    .option("--subject <sub>", "all tokens of this subject")
    .option("--issued-before <time>", "with --subject: 2026-01-31T12:00:00Z (default: now)", (text) =>
      parseInstant(text, "--issued-before"),
    )
    .option("--reason <text>", "for people, at most 500 characters");
  runs<[string], Options>(connectionFlags(command), shell, revoke);
}

async function revoke(context: CliContext, options: Options, issuer: string): Promise<ExitCode> {
  const { jti, subject, issuedBefore, reason = "" } = options;
  if ((jti === undefined) === (subject === undefined)) throw badInput("give --jti or --subject, one of the two");
  if (jti !== undefined && issuedBefore !== undefined) throw badInput("--issued-before goes with --subject");
  return withClient(context, options, async (client) => {
    const { revocation } = await client.credentials.revokeJwt({
      issuer,
      what: jti === undefined ? { case: "subject", value: subject ?? "" } : { case: "tokenId", value: jti },
      ...(issuedBefore !== undefined && { issuedBefore }),
      reason,
    });
    if (options.json === true) json(context, revocationToJson(revocation));
    else if (revocation !== undefined) line(context.stdout, `revoked: ${whatIsRevoked(revocation)}, of ${issuer}`);
    return EXIT.ok;
  });
}
