import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { exitCodeHelp, type Shell } from "./command.ts";
import { registerAuditErase } from "./commands/audit-erase.ts";
import { registerAuditExport } from "./commands/audit-export.ts";
import { registerAuditHead } from "./commands/audit-head.ts";
import { registerAuditList } from "./commands/audit-list.ts";
import { registerAuditPrune } from "./commands/audit-prune.ts";
import { registerAuditVerify } from "./commands/audit-verify.ts";
import { registerBench } from "./commands/bench.ts";
import { registerBindingDelete } from "./commands/binding-delete.ts";
import { registerBindingList } from "./commands/binding-list.ts";
import { registerBindingPut } from "./commands/binding-put.ts";
import { registerCheck } from "./commands/check.ts";
import { registerClientCreate } from "./commands/client-create.ts";
import { registerClientDelete } from "./commands/client-delete.ts";
import { registerClientList } from "./commands/client-list.ts";
import { registerClientRotate } from "./commands/client-rotate.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerDev } from "./commands/dev.ts";
import { registerExpand } from "./commands/expand.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerJwtList } from "./commands/jwt-list.ts";
import { registerJwtRevoke } from "./commands/jwt-revoke.ts";
import { registerKeysList } from "./commands/keys-list.ts";
import { registerKeysRotate } from "./commands/keys-rotate.ts";
import { registerLookupResources } from "./commands/lookup-resources.ts";
import { registerLookupSubjects } from "./commands/lookup-subjects.ts";
import { registerMigrate } from "./commands/migrate.ts";
import { registerReference } from "./commands/reference.ts";
import { registerSchemaDiff } from "./commands/schema-diff.ts";
import { registerSchemaFmt } from "./commands/schema-fmt.ts";
import { registerSchemaLint } from "./commands/schema-lint.ts";
import { registerSchemaPull } from "./commands/schema-pull.ts";
import { registerSchemaPush } from "./commands/schema-push.ts";
import { registerServe } from "./commands/serve.ts";
import { registerTenantCreate } from "./commands/tenant-create.ts";
import { registerTenantDelete } from "./commands/tenant-delete.ts";
import { registerTenantExport } from "./commands/tenant-export.ts";
import { registerTenantList } from "./commands/tenant-list.ts";
import { registerTenantMove } from "./commands/tenant-move.ts";
import { registerTenantResume } from "./commands/tenant-resume.ts";
import { registerTenantSuspend } from "./commands/tenant-suspend.ts";
import { registerTenantUsage } from "./commands/tenant-usage.ts";
import { registerTokenCreate } from "./commands/token-create.ts";
import { registerTokenList } from "./commands/token-list.ts";
import { registerTokenPolicy } from "./commands/token-policy.ts";
import { registerTokenRevoke } from "./commands/token-revoke.ts";
import { registerTokenRotate } from "./commands/token-rotate.ts";
import { registerTupleDelete } from "./commands/tuple-delete.ts";
import { registerTupleImport } from "./commands/tuple-import.ts";
import { registerTupleRead } from "./commands/tuple-read.ts";
import { registerTupleWrite } from "./commands/tuple-write.ts";
import { registerValidate } from "./commands/validate.ts";
import type { CliContext } from "./context.ts";
import { badInput, EXIT, type ExitCode, exitOf } from "./exit.ts";
import { reportFailure } from "./failure.ts";

/** Runs one command line (without `node` and the script) to its end. Never throws: what goes wrong is on stderr. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = buildProgram({
    context,
    finish: (code) => {
      exit = code;
    },
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    // These two are wanted before commander has read them, and also when it could not.
    const how = { json: argv.includes("--json"), verbose: argv.includes("--verbose") };
    if (!(error instanceof CommanderError)) {
      reportFailure(context, error, how);
      return exitOf(error);
    }
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code !== "commander.help") reportFailure(context, usageError(error, argv), how);
    return EXIT.usage;
  }
}

/** The whole command tree. */
function buildProgram(shell: Shell): Command {
  const program = new Command("relata")
    .description("Authorization for many backends: who may do what to which resource, as relation tuples on Postgres.")
    .version(packageVersion(), "-V, --version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shell.context.stdout.write(text),
      writeErr: (text) => shell.context.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => shell.context.stdout.columns ?? 100,
      getErrHelpWidth: () => shell.context.stderr.columns ?? 100,
    })
    .showSuggestionAfterError()
    .addHelpText("after", exitCodeHelp());

  program.commandsGroup("Try it:");
  registerDev(program, shell);
  registerDemo(program, shell);
  program.commandsGroup("Ask and write:");
  registerCheck(program, shell);
  registerExplain(program, shell);
  registerLookupResources(program, shell);
  registerLookupSubjects(program, shell);
  registerExpand(program, shell);
  const tuple = program.command("tuple").description("write, read, delete and import relation tuples");
  registerTupleWrite(tuple, shell);
  registerTupleRead(tuple, shell);
  registerTupleDelete(tuple, shell);
  registerTupleImport(tuple, shell);
  const schema = program.command("schema").description("format, lint, compare and roll out schemas");
  registerSchemaFmt(schema, shell);
  registerSchemaLint(schema, shell);
  registerSchemaDiff(schema, shell);
  registerSchemaPush(schema, shell);
  registerSchemaPull(schema, shell);
  registerValidate(program, shell);
  program.commandsGroup("Run it:");
  registerServe(program, shell);
  registerMigrate(program, shell);
  registerBench(program, shell);
  registerTenants(program, shell);
  registerCredentials(program, shell);
  registerAudit(program, shell);
  registerReference(program, shell);
  return program;
}

function registerTenants(program: Command, shell: Shell): void {
  const tenant = program
    .command("tenant")
    .description("the life of tenants (needs a platform token, export one of the tenant)");
  registerTenantCreate(tenant, shell);
  registerTenantList(tenant, shell);
  registerTenantSuspend(tenant, shell);
  registerTenantResume(tenant, shell);
  registerTenantMove(tenant, shell);
  registerTenantUsage(tenant, shell);
  registerTenantExport(tenant, shell);
  registerTenantDelete(tenant, shell);
}

function registerCredentials(program: Command, shell: Shell): void {
  program.commandsGroup("Who may call:");
  const token = program
    .command("token")
    .description("API tokens of a tenant, for callers without an issuer of their own");
  registerTokenCreate(token, shell);
  registerTokenList(token, shell);
  registerTokenRotate(token, shell);
  registerTokenRevoke(token, shell);
  registerTokenPolicy(token, shell);
  const binding = program.command("binding").description("which subjects of issuers act in which tenants (platform)");
  registerBindingPut(binding, shell);
  registerBindingList(binding, shell);
  registerBindingDelete(binding, shell);
  const jwt = program.command("jwt").description("revocation of JWTs before they expire (platform)");
  registerJwtRevoke(jwt, shell);
  registerJwtList(jwt, shell);
  const client = program.command("client").description("clients of a tenant at relata's own token service");
  registerClientCreate(client, shell);
  registerClientList(client, shell);
  registerClientRotate(client, shell);
  registerClientDelete(client, shell);
  const keys = program.command("keys").description("what the token service signs with (platform)");
  registerKeysRotate(keys, shell);
  registerKeysList(keys, shell);
}

function registerAudit(program: Command, shell: Shell): void {
  program.commandsGroup("The record:");
  const audit = program
    .command("audit")
    .description("the record of who changed what: of the tenant, or of the platform with a platform token");
  registerAuditList(audit, shell);
  registerAuditVerify(audit, shell);
  registerAuditExport(audit, shell);
  registerAuditHead(audit, shell);
  registerAuditPrune(audit, shell);
  registerAuditErase(audit, shell);
}

/** Commander says `error: unknown option '--x'` and, on a line of its own, a suggestion. */
function usageError(error: CommanderError, argv: readonly string[]): Error {
  const [what = "", ...more] = error.message.replace(/^error: /, "").split("\n");
  const words = argv.filter((word) => !word.startsWith("-"));
  const groups = new Set(["schema", "tuple", "tenant", "token", "binding", "jwt", "client", "keys", "audit"]);
  const command = words.slice(0, groups.has(words[0] ?? "") ? 2 : 1).join(" ");
  const known = error.code !== "commander.unknownCommand";
  const suggestion = more.map((line) => line.replace(/^\((.*)\)$/, "$1")).join(" ");
  const help = `See: relata ${known && command !== "" ? `${command} ` : ""}--help`;
  return badInput(what, { hint: suggestion === "" ? help : `${suggestion}\n${help}` });
}

function packageVersion(): string {
  // The same path from src/cli in a clone and from dist/cli in the package.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
