import { createServer as createHttp } from "node:http";
import { createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import { createServer } from "node:net";
import { createServer as createTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runLoad } from "../../bench/load/load.ts";
import { checkAnswers } from "../../bench/peers/check-answers.ts";
import { PeerError } from "../../bench/peers/peer.ts";
import { openSpiceDb } from "../../bench/peers/spicedb.ts";
import type { Workload } from "../../bench/workloads/workload.ts";
import { WORKLOADS } from "../../bench/workloads/workloads.ts";
import { createTestAuthority } from "../support/certificates.ts";
import { closedPort, listening } from "../support/listening.ts";
import { smallWorkload } from "./small-workload.ts";
import { type SpiceDbBridge, startSpiceDbBridge } from "./spicedb-bridge.ts";

const TOKEN = "the-token";
const silent = () => undefined;

/** Caveats with a context of their own and of the question's, ends, and ids that SpiceDB has no room for. */
const ENDS = smallWorkload({
  name: "ends",
  schema: `use expiration

caveat within(limit int, amount int) {
  amount <= limit
}

definition user {}

definition account {
  relation reader: user with expiration
  relation payer: user with within
  permission read = reader
  permission pay = payer
}`,
  tuples: [
    "account:1#reader@user:anne@example.com[expiration:2100-01-01T00:00:00.250Z]",
    "account:1#reader@user:late[expiration:2001-01-01T00:00:00Z]",
    'account:urn:a%1#payer@user:ben[within:{"limit":100}]',
  ],
  allowed: ["account:1#read@user:anne@example.com", ["account:urn:a%1#pay@user:ben", { amount: 100 }]],
  denied: [
    "account:1#read@user:late",
    "account:1#read@user:anne=40example=2Ecom",
    ["account:urn:a%1#pay@user:ben", { amount: 101 }],
  ],
});
let bridge: SpiceDbBridge;

beforeAll(async () => {
  bridge = await startSpiceDbBridge(TOKEN);
});
afterAll(() => bridge[Symbol.asyncDispose]());

function open(port: number, token: string | undefined = TOKEN) {
  return openSpiceDb({ name: "spicedb", host: "127.0.0.1", port, ...(token !== "" && { token }) });
}

/** What is said about whatever listens there, with HERE for its address. */
async function failureAt(port: number, token?: string): Promise<string> {
  const error: unknown = await open(port, token).then(
    () => new Error("it was opened"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PeerError);
  return (error as PeerError).message.replaceAll(`127.0.0.1:${port}`, "HERE");
}

/** What is wrong with the answers to as many questions. */
async function wrongOf(work: Workload, count: number): Promise<readonly string[]> {
  await using peer = await open(bridge.port);
  const loaded = await peer.load(work, silent);
  try {
    expect(loaded.tuples).toBe(work.tuples);
    return await checkAnswers(peer, loaded, work, work.questions(count));
  } finally {
    await loaded.remove();
  }
}

describe("a SpiceDB with a workload", () => {
  it.each(["documents", "code", "wide", "exclusion", "caveats"] as const)(
    "answers the questions of %s",
    async (name) => {
      expect(await wrongOf(WORKLOADS[name](1_000), 60)).toEqual([]);
    },
  );

  it("says its version, and leaves nothing behind", async () => {
    await using peer = await open(bridge.port);
    expect(peer.version).toBe("embedded");
    const loaded = await peer.load(ENDS, silent);
    await loaded.remove();
    await expect(loaded.check(ENDS.question(0))).rejects.toThrow("object definition `account` not found");
    // Whoever has a schema there would hear of it.
    await (await peer.load(ENDS, silent)).remove();
  });

  it("takes what an ended run has left behind for its own", async () => {
    await using peer = await open(bridge.port);
    await peer.load(WORKLOADS.exclusion(1_000), silent);
    expect(await wrongOf(ENDS, 10)).toEqual([]);
  });
});

describe("what SpiceDB has otherwise", () => {
  it("is bridged: caveats, ends, ids", async () => {
    expect(await wrongOf(ENDS, 10)).toEqual([]);
    await using peer = await open(bridge.port);
    expect(peer.differences(ENDS)).toEqual(["ids with characters that it refuses are written as =XX, by their code"]);
    expect(peer.differences(WORKLOADS.documents(1_000))).toEqual([]);
  });

  it("is bridged: tenants", async () => {
    const schema = "definition user {}\n\ndefinition group {\n  relation member: user | group#member\n}";
    const [anne, ben] = ["group:a#member@user:anne", "group:a#member@user:ben"];
    const nested = "group:b#member@group:a#member";
    const work = smallWorkload(
      { name: "two", schema, tuples: [anne, nested], allowed: [anne, "group:b#member@user:anne"], denied: [ben] },
      { name: "two", schema, tuples: [ben], allowed: [ben], denied: [anne, nested] },
    );
    expect(await wrongOf(work, 10)).toEqual([]);
    await using peer = await open(bridge.port);
    expect(peer.differences(work)).toEqual([expect.stringContaining("it knows no tenants")]);
  });

  it("is written in batches where there is no import", async () => {
    bridge.options = { withoutImport: true };
    const before = bridge.calls.get("WriteRelationships") ?? 0;
    expect(await wrongOf(WORKLOADS.documents(2_000), 10)).toEqual([]);
    expect((bridge.calls.get("WriteRelationships") ?? 0) - before).toBe(2);
    bridge.options = {};
  });
});

describe("under load", () => {
  it("is asked the same, and each answer is told from the other", async () => {
    await using peer = await open(bridge.port);
    const loaded = await peer.load(ENDS, silent);
    const target = loaded.target(ENDS.questions(10), "fully_consistent");
    const right = await runLoad(target, { durationMs: 1, inFlight: target.requests.length });
    expect(right).toMatchObject({ calls: target.requests.length, wrong: 0 });
    const turned = ENDS.questions(10).map((asked) => ({ ...asked, allowed: !asked.allowed }));
    const wrong = await runLoad(loaded.target(turned, "fully_consistent"), { durationMs: 1, inFlight: turned.length });
    expect(wrong).toMatchObject({ calls: wrong.wrong, failed: 0 });
    await loaded.remove();
  });
});

describe("wrong answers", () => {
  it("are told with the question, both answers and the likely cause", async () => {
    bridge.options = { liesTo: (user) => user.startsWith("nobody") };
    const wrong = await wrongOf(WORKLOADS.documents(1_000), 60);
    bridge.options = {};
    expect(wrong.length).toBeGreaterThan(0);
    expect(wrong[0]).toMatch(
      /^spicedb\/documents: user:nobody-\d+ (view|edit) document:\w+: denied is right \(unknown user\), it says allowed; likely cause: it decides these kinds otherwise: unknown user$/,
    );
  });

  it("are told of a context that is missing", async () => {
    const asked = { ...ENDS.question(1), context: {} };
    const work: Workload = { ...ENDS, questions: () => [asked] };
    expect(await wrongOf(work, 1)).toEqual([
      expect.stringMatching(
        /^spicedb\/ends: user:ben pay account:urn:a%1 with {}: allowed is right .*it gives no answer \(.*depends on a context that was not given: amount\)/,
      ),
    ]);
  });

  it("are those that say neither yes nor no", async () => {
    bridge.options = { saysNothing: true };
    const wrong = await wrongOf(ENDS, 10);
    bridge.options = {};
    expect(wrong).toHaveLength(5);
    for (const one of wrong) expect(one).toContain("neither yes nor no: the permissionship 0");
  });

  it("are told of tuples that are missing", async () => {
    const work: Workload = { ...ENDS, tuples: 4 };
    await using peer = await open(bridge.port);
    const loaded = await peer.load(ENDS, silent);
    const asked = { ...ENDS.question(0), allowed: false };
    expect(await checkAnswers(peer, loaded, work, [asked])).toEqual([
      expect.stringContaining("; likely cause: it took 3 of 4 tuples"),
    ]);
    await loaded.remove();
  });
});

describe("a schema", () => {
  it("that is refused is told in SpiceDB's words", async () => {
    const work: Workload = { ...ENDS, schema: "definition of {}" };
    await using peer = await open(bridge.port);
    await expect(peer.load(work, silent)).rejects.toThrow(
      /^SpiceDB at 127.0.0.1:\d+, writing the schema: it refuses what it was sent: parse error in `schema`, line 1, column 1: error in object definition of/,
    );
  });

  it("of somebody else's is left alone", async () => {
    await using other = await startSpiceDbBridge(TOKEN);
    await other.writeSchema("definition user {}\n\ndefinition invoice {}");
    await using peer = await open(other.port);
    await expect(peer.load(ENDS, silent)).rejects.toThrow(
      /has a schema already \(invoice, user\), which the bench would have to replace: give it an empty one, such as spicedb serve/,
    );
  });
});

/** What a server of gRPC says to a method that it does not have. */
function unimplemented(stream: ServerHttp2Stream): void {
  stream.respond(
    { ":status": 200, "content-type": "application/grpc", "grpc-status": "12", "grpc-message": "unknown service" },
    { endStream: true },
  );
}

describe("a SpiceDB that is none", () => {
  it("is told by its token", async () => {
    expect(await failureAt(bridge.port, "another")).toBe(
      "SpiceDB at HERE, asking its version: it does not take the token (invalid preshared key: invalid token): " +
        "give the one it was started with (--grpc-preshared-key)",
    );
    expect(await failureAt(bridge.port, "")).toBe(
      "SpiceDB at HERE, asking its version: it asks for a token (missing preshared key): add one, spicedb=HOST:PORT,TOKEN",
    );
  });

  it("is told as nothing that listens", async () => {
    expect(await failureAt(await closedPort())).toBe(
      "SpiceDB at HERE: nothing listens there (connection refused): start SpiceDB, or name its gRPC port",
    );
  });

  it("is told as a server of pages", async () => {
    await using pages = await listening(createHttp((_, response) => response.end("<html>")));
    expect(await failureAt(pages.port)).toBe(
      "SpiceDB at HERE: an HTTP/1 server listens there: name the gRPC port of SpiceDB",
    );
  });

  it("is told as another gRPC service", async () => {
    await using other = await listening(createHttp2().on("stream", unimplemented));
    expect(await failureAt(other.port)).toBe(
      "SpiceDB at HERE, asking its version: it speaks gRPC but is no SpiceDB, or one without this method (unknown service)",
    );
  });

  it("is told as one behind TLS", async () => {
    const { cert, key } = await (await createTestAuthority()).server();
    await using secured = await listening(createTls({ cert, key, ALPNProtocols: ["h2"] }));
    expect(await failureAt(secured.port)).toBe(
      "SpiceDB at HERE: it speaks TLS: the load generator speaks without, so start it without TLS for the bench",
    );
  });

  it("is told as something else", async () => {
    await using other = await listening(createServer((socket) => socket.end("220 mail.example.com ESMTP\r\n")));
    expect(await failureAt(other.port)).toBe(
      "SpiceDB at HERE: something listens there that does not speak HTTP/2: name the gRPC port of SpiceDB",
    );
  });
});
