import { expect } from "vitest";
import { type ErrorReason, REASONS } from "../../src/errors.ts";
import type { TestServer } from "./server.ts";
import { postJson } from "./server-raw.ts";

/** A request that must be refused, and part of what the message must say. */
export type BadField = readonly [what: string, procedure: string, body: unknown, reason: ErrorReason, message: string];

/** Code, reason and a message that says what and where, short enough for a header. */
export async function expectRefusal(
  server: TestServer,
  authorization: string,
  [, procedure, body, reason, message]: BadField,
): Promise<void> {
  const { error } = await postJson(server.httpUrl, procedure, body, { authorization });
  expect(error).toMatchObject({
    code: REASONS[reason],
    reason,
    domain: "relata.dev",
    message: expect.stringContaining(message),
  });
  expect(error?.message.length).toBeLessThan(4000);
}

/** Bad input neither takes the server down nor leaves a fault in its log. */
export async function expectStillServing(server: TestServer): Promise<void> {
  const response = await fetch(`${server.httpUrl}/healthz`);
  expect(await response.json()).toEqual({ status: "SERVING" });
  expect(server.logLines().filter((line) => line["level"] === "error")).toEqual([]);
}
