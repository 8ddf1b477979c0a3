import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Command } from "commander";
import type { ObjectLimit, ObjectLimitSchema } from "../../gen/relata/v1/credential_service_pb.ts";
import { SCOPES, type Scope } from "../../model/scope.ts";
import { badInput } from "../exit.ts";

/** Flags of whatever grants rights: API tokens and bindings. */
export interface GrantOptions {
  readonly scopes: readonly Scope[];
  readonly object?: readonly MessageInitShape<typeof ObjectLimitSchema>[];
}

type Limit = MessageInitShape<typeof ObjectLimitSchema>;

/** @param scopes those that make sense there */
export function grantFlags(command: Command, scopes: readonly Scope[] = SCOPES): Command {
  return command
    .requiredOption("--scopes <scopes>", `what it may do, with commas between: ${scopes.join(", ")}`, parseScopes)
    .option(
      "--object <type[#relations]>",
      "only objects of this type, and of them only these relations and permissions (document#view,edit); again for more",
      (text, before: readonly Limit[] = []) => [...before, parseLimit(text)],
    );
}

/** `document` or `document#view,edit`: what `--object` takes. */
export function formatLimit({ type, relations }: ObjectLimit): string {
  return relations.length === 0 ? type : `${type}#${relations.join(",")}`;
}

/** A list with commas between. @throws CliError that names the flag, for an empty entry or list */
export function parseList(text: string, flag: string): readonly string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (!parts.includes("")) return parts;
  throw badInput(`${flag} has an empty entry: ${JSON.stringify(text)}`, { where: flag });
}

function parseScopes(text: string): readonly Scope[] {
  return parseList(text, "--scopes").map((word) => {
    const scope = SCOPES.find((known) => known === word);
    if (scope !== undefined) return scope;
    throw badInput(`no such scope: ${JSON.stringify(word)}`, {
      where: "--scopes",
      hint: `one of ${SCOPES.join(", ")}`,
    });
  });
}

function parseLimit(text: string): Limit {
  const [type = "", relations, ...rest] = text.split("#");
  if (type === "" || relations === "" || rest.length > 0) {
    throw badInput(`not a type of object: ${JSON.stringify(text)}`, {
      where: "--object",
      hint: "write document, or document#view,edit",
    });
  }
  return { type, relations: relations === undefined ? [] : [...parseList(relations, "--object")] };
}
