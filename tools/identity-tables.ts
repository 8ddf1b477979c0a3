import { DENIALS } from "../src/auth/admission.ts";
import { REFUSALS } from "../src/auth/refusal.ts";
import { METHOD_SCOPES, type MethodAccess } from "../src/auth/scope.ts";

/** The tables of docs/identity.md that come from the code, by the line that heads each; there are two of codes. */
function tables(): readonly (readonly [string, readonly string[]])[] {
  const access: readonly (readonly [string, MethodAccess])[] = Object.entries(METHOD_SCOPES);
  const methods = access.flatMap(([method, needed]) =>
    needed.kind === "public" ? [] : [`| \`${method}\` | \`${needed.scope}\` | ${needed.kind} |`],
  );
  const refusals = Object.entries(REFUSALS).map(([code, { means }]) => `| \`${code}\` | ${means} |`);
  const denials = Object.entries(DENIALS).map(([code, means]) => `| \`${code}\` | ${means} |`);
  return [
    ["| method | scope | for |", methods],
    ["| code | means |", refusals],
    ["| code | means |", denials],
  ];
}

/** The page with the rows of those tables as they are now. */
export function withIdentityTables(page: string): string {
  let done = "";
  let rest = page;
  for (const [heading, rows] of tables()) {
    const at = rest.indexOf(`${heading}\n`);
    if (at < 0) throw new Error(`docs/identity.md lacks the table headed ${heading}`);
    const lines = rest.slice(at).split("\n");
    const after = lines.findIndex((line) => !line.startsWith("|"));
    done += `${rest.slice(0, at)}${[...lines.slice(0, 2), ...rows].join("\n")}\n`;
    rest = lines.slice(after).join("\n");
  }
  return done + rest;
}
