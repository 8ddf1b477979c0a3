import { Client, credentials, type Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { METHOD_SCOPES } from "../../src/auth/scope.ts";
import type { SeenError } from "../support/server-raw.ts";
import { grpcFrame, grpcHeaders, sendBytes, sendHttp2 } from "./raw-http.ts";
import { callerOf, FAULTS, METHODS, procedureOf, send, withoutQuotes } from "./string-attacks.ts";
import { nameOf, requestWith, stringPaths } from "./string-fields.ts";
import { CHECK, type InWorld, PORTS, QUESTION_BYTES, SECRET } from "./world.ts";

/** Ends a line, a string and an object of the log, moves a terminal's cursor, turns its text round; 0x9b is an escape of one byte. */
export const FORGED =
  'x"}\n{"level":"error","msg":"forged by a caller"}\r\n\u001b[2J\u001b]0;owned\u0007\u009b31m\u2028\u202egnp.exe';
/** Nothing of a caller's that a terminal or another reader of lines obeys may be in the log as it is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
const HUGE = "Oversize/".repeat(12_000);
/** Elements of every list of a request at once. */
const MANY = 3_000;

/** What is nobody's business outside: code, places of the machine, roles, statements, stacks. */
export const INSIDE =
  /\b(?:src|dist|node_modules)\/|\.[cm]?[jt]s\b|\bat \S+ \(|\bnode:|\/(?:tmp|home|work|usr|etc|var)\/|relata_(?:app|owner|maintenance)|\bpostgres|ECONN|\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|undefined|NaN|\[object)\b|127\.0\.0\.1:\d/;
/** An error is read by a person, and goes into the headers of an answer. */
const MAX_MESSAGE = 2_048;

/** Whatever a caller writes into a request, it does not end up as an order to whoever reads logs, nor brings back what is inside. */
export function textAttacks(world: InWorld): void {
  let client: Client;
  beforeAll(() => {
    client = new Client(world().server.grpcAddress, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
    });
  });
  afterAll(() => client.close());

  const inspect = (procedure: string, error: SeenError | undefined, payload: string, what: string) => {
    expect(FAULTS.has(error?.code ?? "0"), `${what}: ${error?.message.slice(0, 500)}`).toBe(false);
    if (error === undefined) return;
    const said = withoutQuotes(error, payload);
    expect(said, what).not.toMatch(INSIDE);
    expect(error.message.length, what).toBeLessThan(MAX_MESSAGE);
    expect(JSON.stringify(error.metadata).length, what).toBeLessThan(2 * MAX_MESSAGE);
    const isTenants = METHOD_SCOPES[procedure as keyof typeof METHOD_SCOPES].kind === "tenant";
    if (isTenants) expect(said, what).not.toMatch(new RegExp(`south|${SECRET}`));
  };

  test.each(METHODS.map((method) => [procedureOf(method), method] as const))(
    "orders to logs, and too much of everything, in %s",
    async (procedure, method) => {
      const metadata = callerOf(procedure, world().oauth);
      const tries = stringPaths(method.input).flatMap((path) =>
        [FORGED, HUGE].map(async (payload) => {
          const error = await send(client, procedure, requestWith(method, path, payload, true), metadata);
          inspect(procedure, error, payload, `${nameOf(path)} with ${payload.slice(0, 10)}`);
        }),
      );
      await Promise.all([...tries, sendMany(client, procedure, metadata, inspect)]);
    },
  );

  test("orders to logs in headers, paths and request ids", async () => {
    const { oauth, server } = world();
    const authorization = oauth.bearer({ tenant: "north", sub: FORGED });
    const odd = Buffer.from("\u001b[2J\u009b31m\u007f").toString("latin1");
    for (const port of ["grpcPort", "httpPort"] as const)
      for (const more of [
        { "x-request-id": odd },
        { "relata-tenant": odd },
        { "user-agent": odd },
        { ":path": `/relata.v1.X/${encodeURIComponent(FORGED)}` },
        { ":authority": odd },
        { "x-forwarded-for": odd },
        { "grpc-timeout": odd },
      ]) {
        const headers = { ...grpcHeaders(CHECK, { authorization }), ...more };
        await sendHttp2(server[port], { headers, body: grpcFrame(QUESTION_BYTES) }).catch(() => undefined);
      }
    const line = `POST /${CHECK}?${odd} HTTP/1.1\r\nhost: ${odd}\r\nx-request-id: ${odd}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
    await sendBytes(server.httpPort, line);
    for (const ask of Object.values(PORTS))
      await ask(world(), { authorization: `Bearer ${odd}` }).catch(() => undefined);
  });

  test("and the log has a line of JSON for each call, which nobody's text got out of", () => {
    const { server } = world();
    const text = server.logText();
    expect(text.length).toBeGreaterThan(10_000);
    expect(OBEYED.exec(text)?.index, JSON.stringify(around(text, OBEYED.exec(text)?.index))).toBeUndefined();
    for (const line of server.logLines()) expect(line["msg"]).not.toBe("forged by a caller");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(16_384);
  });
}

/** Messages of protobuf that follow each other are one, with the elements of all in its lists. */
async function sendMany(
  client: Client,
  procedure: string,
  metadata: Metadata,
  inspect: (procedure: string, error: SeenError | undefined, payload: string, what: string) => void,
): Promise<void> {
  const method = METHODS.find((one) => procedureOf(one) === procedure);
  const path = method && stringPaths(method.input)[0];
  if (method === undefined || path === undefined) return;
  const one = Buffer.from(requestWith(method, path, "document", true));
  const error = await send(client, procedure, Buffer.concat(new Array<Buffer>(MANY).fill(one)), metadata);
  inspect(procedure, error, "document", `${MANY} of everything`);
}

function around(text: string, at: number | undefined): string {
  return at === undefined ? "" : text.slice(Math.max(0, at - 200), at + 50);
}
