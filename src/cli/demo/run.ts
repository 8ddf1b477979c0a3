import { readFile } from "node:fs/promises";
import type { LocalService } from "../dev/local-service.ts";
import { DEMO_TENANT } from "../dev/token-files.ts";
import { type DemoQuestion, demoQuestions, organizationTuples } from "./organization.ts";
import { checkByGrpc, createPlainClient, type PlainClient, toUpdate } from "./plain-grpc.ts";
import { checkByHttp } from "./plain-http.ts";

const SCHEMA = new URL("../../../schema/examples/documents.zed", import.meta.url);
const WRITE_BATCH = 1_000;
/** Questions under way at a time, as a busy backend would have. */
const IN_FLIGHT = 16;
const SEED = 20_240_229;

/** One row of the table the demo prints. */
export interface DemoStep {
  readonly what: string;
  readonly count: number;
  readonly seconds: number;
  readonly allowed?: number;
  /** Questions whose answer was not the known one, with what was answered. */
  readonly wrong?: readonly string[];
}

export interface DemoOptions {
  /** Questions per transport. */
  readonly questions: number;
  /** Turns the known answer of one question around: the demo must then fail. */
  readonly corrupt: boolean;
  readonly now: () => number;
  readonly onStep: (step: DemoStep) => void;
}

/** Loads the organisation into a service that knows nothing yet, then asks. */
export async function runDemo(service: LocalService, options: DemoOptions): Promise<readonly DemoStep[]> {
  const client = createPlainClient(service.grpcPort);
  const token = service.tokens.dev.token;
  const steps: DemoStep[] = [];
  const record = async (what: string, work: () => Promise<Omit<DemoStep, "what" | "seconds">>) => {
    const startedAt = options.now();
    const done = await work();
    const step = { what, seconds: (options.now() - startedAt) / 1000, ...done };
    steps.push(step);
    options.onStep(step);
  };
  try {
    await client.call("TenantService/Create", service.tokens.operator.token, { slug: DEMO_TENANT });
    await client.call("SchemaService/Write", token, { text: await readFile(SCHEMA, "utf8") });
    await record("tuples written over gRPC", async () => ({ count: await load(client, token) }));
    const questions = demoQuestions(options.questions, SEED).map((question, index) =>
      options.corrupt && index === 0 ? { ...question, allowed: !question.allowed } : question,
    );
    await record("checks over gRPC", () => askAll(questions, (question) => checkByGrpc(client, token, question)));
    const { httpPort } = service;
    await record("checks over HTTP, JSON", () =>
      askAll(questions, (question) => checkByHttp(httpPort, token, question)),
    );
    return steps;
  } finally {
    client.close();
  }
}

async function load(client: PlainClient, token: string): Promise<number> {
  let batch: object[] = [];
  let count = 0;
  const flush = async () => {
    if (batch.length > 0) await client.call("TupleService/Write", token, { updates: batch });
    count += batch.length;
    batch = [];
  };
  for (const tuple of organizationTuples()) {
    batch.push(toUpdate(tuple));
    if (batch.length === WRITE_BATCH) await flush();
  }
  await flush();
  return count;
}

async function askAll(
  questions: readonly DemoQuestion[],
  ask: (question: DemoQuestion) => Promise<string>,
): Promise<{ count: number; allowed: number; wrong: readonly string[] }> {
  const waiting = questions.values();
  const wrong: string[] = [];
  let allowed = 0;
  const worker = async () => {
    for (const question of waiting) {
      const decision = await ask(question);
      if (decision === "DECISION_ALLOWED") allowed += 1;
      const expected = question.allowed ? "DECISION_ALLOWED" : "DECISION_DENIED";
      const asked = `document:${question.document}#${question.permission}@user:${question.user}`;
      if (decision !== expected) wrong.push(`${asked}: expected ${expected}, got ${decision}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return { count: questions.length, allowed, wrong };
}
