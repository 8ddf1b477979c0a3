import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CallError } from "../../client/call-error.ts";
import { createRelataClient, type RelataClient } from "../../client/relata-client.ts";
import { Decision } from "../../gen/relata/v1/authorization_service_pb.ts";
import { TupleUpdate_Operation } from "../../gen/relata/v1/tuple_service_pb.ts";
import type { CliContext } from "../context.ts";
import { badInput } from "../exit.ts";
import type { Problem } from "../problem.ts";
import type { Assertion, ValidationDocument } from "../validate/document.ts";
import { readValidationYaml } from "../validate/read-document.ts";
import { subjectToWire, tupleToWire } from "../wire.ts";
import type { LocalService } from "./local-service.ts";
import { DEMO_TENANT } from "./token-files.ts";

/** The example a new data directory starts with: its assertions give the questions to try. */
const EXAMPLE = fileURLToPath(new URL("../../../schema/examples/documents.yaml", import.meta.url));
/** Written last, so that a start that was cut short is finished by the next. */
const MARKER = "seeded";
const CALL_TIMEOUT_MS = 20_000;

/** What the demo tenant was given, and a question of each answer. */
export interface Seed {
  readonly schemaFile: string;
  readonly tuples: number;
  readonly allowed: Assertion;
  readonly denied: Assertion;
  /** True when the user has changed the example so that the questions have other answers, or none. */
  readonly changed: boolean;
}

/** Gives a new data directory its tenant, schema and tuples; leaves one that has them, and its user's changes, alone. */
export async function seedDemoTenant(context: CliContext, service: LocalService, dataDir: string): Promise<Seed> {
  const document = await readExample(context);
  const marker = join(dataDir, MARKER);
  if (!(await exists(marker))) {
    await writeExample(service, document);
    await writeFile(marker, "");
  }
  const [allowed, denied] = [firstOf(document, "allowed"), firstOf(document, "denied")];
  return {
    schemaFile: relative(context.cwd, document.schema?.file ?? ""),
    tuples: document.tuples.length,
    allowed,
    denied,
    changed: !(await answersAs(service, [allowed, denied])),
  };
}

async function readExample(context: CliContext): Promise<ValidationDocument> {
  const problems: Problem[] = [];
  const document = await readValidationYaml(context, EXAMPLE, await readFile(EXAMPLE, "utf8"), problems);
  if (problems.length > 0) throw badInput("the example that comes with relata cannot be read", { problems });
  return document;
}

async function writeExample(service: LocalService, document: ValidationDocument): Promise<void> {
  const as = (token: string) =>
    createRelataClient({ address: `127.0.0.1:${service.grpcPort}`, token, timeoutMs: CALL_TIMEOUT_MS });
  const operator = as(service.tokens.operator.token);
  const dev = as(service.tokens.dev.token);
  const operation = TupleUpdate_Operation.TOUCH;
  try {
    await createTenant(operator);
    await dev.schemas.write({ text: document.schema?.text ?? "" });
    await dev.tuples.write({ updates: document.tuples.map(({ tuple }) => ({ operation, tuple: tupleToWire(tuple) })) });
  } finally {
    operator.close();
    dev.close();
  }
}

/** Whether the questions still have the answers they began with. */
async function answersAs(service: LocalService, questions: readonly Assertion[]): Promise<boolean> {
  const address = `127.0.0.1:${service.grpcPort}`;
  const dev = createRelataClient({ address, token: service.tokens.dev.token, timeoutMs: CALL_TIMEOUT_MS });
  try {
    for (const { object, permission, subject, expected } of questions) {
      const { decision } = await dev.authorization.check({ object, permission, subject: subjectToWire(subject) });
      if (decision !== (expected === "allowed" ? Decision.ALLOWED : Decision.DENIED)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof CallError && error.codeName === "FAILED_PRECONDITION") return false;
    throw error;
  } finally {
    dev.close();
  }
}

async function createTenant(operator: RelataClient): Promise<void> {
  try {
    await operator.tenants.create({ slug: DEMO_TENANT });
  } catch (error) {
    if (!(error instanceof CallError) || error.reason !== "TENANT_ALREADY_EXISTS") throw error;
  }
}

function firstOf(document: ValidationDocument, expected: Assertion["expected"]): Assertion {
  const found = document.assertions.find(
    (assertion) => assertion.expected === expected && assertion.subject.relation === "",
  );
  if (found === undefined) throw badInput(`${document.file} has no assertion that is ${expected}`);
  return found;
}

function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
