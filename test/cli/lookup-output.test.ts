import { Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { CliContext } from "../../src/cli/context.ts";
import { type LookupAnswer, printLookup } from "../../src/cli/lookup-output.ts";
import { CallError } from "../../src/client/call-error.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";

const result = (cursor: string): LookupAnswer => ({
  decision: Decision.ALLOWED,
  missingContext: [],
  cursor,
  consistencyToken: "t",
});

async function printed(options: { readonly json?: boolean }, answers: () => AsyncIterable<LookupAnswer>) {
  const texts = { stdout: "", stderr: "" };
  const sink = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const context = { stdout: sink("stdout"), stderr: sink("stderr"), env: {}, stop: () => new AbortController().signal };
  const printer = { text: ({ cursor }: LookupAnswer) => `document:${cursor}`, json: () => ({}) };
  const failure = await printLookup(context as unknown as CliContext, options, answers, printer).catch(
    (error: unknown) => error,
  );
  return { ...texts, failure };
}

const late = () =>
  new CallError(
    Object.assign(new Error(), { code: status.DEADLINE_EXCEEDED, details: "late", metadata: new Metadata() }),
    "r",
  );

test("a stream that breaks off says where to go on, and stays an error", async () => {
  async function* broken(): AsyncGenerator<LookupAnswer> {
    yield result("a");
    yield result("b");
    throw late();
  }
  const told = await printed({}, broken);
  expect(told).toMatchObject({
    stdout: "document:a\ndocument:b\n",
    stderr: "stopped after 2; go on with --cursor b\n",
  });
  expect(told.failure).toBeInstanceOf(CallError);
  expect((await printed({ json: true }, broken)).stderr).toBe('{"cursor":"b"}\n');
});

test("one that brought nothing has no place to go on from", async () => {
  // biome-ignore lint/correctness/useYield: it breaks off before
  async function* broken(): AsyncGenerator<LookupAnswer> {
    throw late();
  }
  const told = await printed({}, broken);
  expect(told).toMatchObject({ stdout: "", stderr: "" });
  expect(told.failure).toBeInstanceOf(CallError);
});
