import { expect, test, vi } from "vitest";
import { grpcFrame, grpcHeaders, grpcStatus, type RawHeaders, sendBytes, sendHttp2, statusesIn } from "./raw-http.ts";
import { type AttackWorld, CHECK, type InWorld, QUESTION, QUESTION_BYTES } from "./world.ts";

const OK = "0";
const UNAUTHENTICATED = "16";
const PERMISSION_DENIED = "7";

/** Of a caller in north who wants south; what any of these names, nothing of south may be reached. */
const SMUGGLED: readonly (readonly [string, RawHeaders])[] = [
  ["another tenant", { "relata-tenant": "south" }],
  ["one's own and another, as two headers", { "relata-tenant": ["north", "south"] }],
  ["another and one's own, as two headers", { "relata-tenant": ["south", "north"] }],
  ["a list", { "relata-tenant": "north,south" }],
  ["a list behind a space", { "relata-tenant": "north, south" }],
  ["a list with empty places", { "relata-tenant": ",north" }],
  ["capitals", { "relata-tenant": "SOUTH" }],
  ["one's own in capitals", { "relata-tenant": "North" }],
  ["percent signs", { "relata-tenant": "%6eorth" }],
  ["quotes", { "relata-tenant": '"north"' }],
  ["nothing", { "relata-tenant": "" }],
  ["a pattern", { "relata-tenant": "*" }],
  ["an id", { "relata-tenant": "00000000-0000-4000-8000-000000000000" }],
];

/** Names that are not the header's: they select nothing, and the caller stays where it is. */
const IGNORED: readonly (readonly [string, RawHeaders])[] = [
  ["binary metadata", { "relata-tenant-bin": Buffer.from("south").toString("base64") }],
  ["an x- header", { "x-relata-tenant": "south" }],
  ["an underscore", { relata_tenant: "south" }],
  ["a header for proxies", { "x-forwarded-relata-tenant": "south", forwarded: "for=1.2.3.4;relata-tenant=south" }],
  ["a cookie", { cookie: "relata-tenant=south" }],
  ["a token's header in its place", { "x-authorization": "Bearer none", "proxy-authorization": "Bearer none" }],
];

async function overGrpc(world: AttackWorld, port: "grpcPort" | "httpPort", headers: RawHeaders): Promise<string> {
  const request = { headers: grpcHeaders(CHECK, headers), body: grpcFrame(QUESTION_BYTES) };
  return grpcStatus(await sendHttp2(world.server[port], request));
}

/** As Connect sees them over HTTP/1.1, header by header in the order given. */
async function overHttp1(world: AttackWorld, headers: RawHeaders): Promise<readonly number[]> {
  const body = JSON.stringify(QUESTION);
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}`),
  );
  const head = [
    `POST /${CHECK} HTTP/1.1`,
    "host: relata",
    "connection: close",
    "content-type: application/json",
    `content-length: ${body.length}`,
    ...lines,
  ];
  return statusesIn(await sendBytes(world.server.httpPort, `${head.join("\r\n")}\r\n\r\n${body}`));
}

/** Nobody can be talked into another tenant by the ways a header can be written. */
export function headerAttacks(world: InWorld): void {
  const own = () => ({ authorization: world().oauth.bearer({ tenant: "north" }) });

  test.each(SMUGGLED)("relata-tenant with %s is refused on every port", async (_what, headers) => {
    const all = { ...own(), ...headers };
    expect(await overGrpc(world(), "grpcPort", all)).toBe(PERMISSION_DENIED);
    expect(await overGrpc(world(), "httpPort", all)).toBe(PERMISSION_DENIED);
    expect(await overHttp1(world(), all)).toEqual([403]);
  });

  test.each(IGNORED)("%s selects nothing", async (_what, headers) => {
    const all = { ...own(), ...headers };
    expect(await overGrpc(world(), "grpcPort", all)).toBe(OK);
    expect(await overGrpc(world(), "httpPort", all)).toBe(OK);
    expect(await overHttp1(world(), all)).toEqual([200]);
  });

  test("whoever is bound to two tenants and names both is refused, whichever comes first", async () => {
    const authorization = world().bound.bearer({ sub: "both", tenant: undefined });
    for (const named of [
      ["north", "south"],
      ["south", "north"],
      ["north", "north"],
    ]) {
      const headers = { authorization, "relata-tenant": named };
      expect(await overGrpc(world(), "grpcPort", headers)).toBe(PERMISSION_DENIED);
      expect(await overGrpc(world(), "httpPort", headers)).toBe(PERMISSION_DENIED);
      expect(await overHttp1(world(), headers)).toEqual([403]);
    }
    expect(await overGrpc(world(), "grpcPort", { authorization, "relata-tenant": "north" })).toBe(OK);
  });

  test("in trailers, or declared a hop's own, the header selects nothing", async () => {
    const trailing = {
      headers: grpcHeaders(CHECK, own()),
      body: grpcFrame(QUESTION_BYTES),
      trailers: { "relata-tenant": "south" },
    };
    for (const port of ["grpcPort", "httpPort"] as const)
      expect(grpcStatus(await sendHttp2(world().server[port], trailing))).toBe(OK);
    // A proxy would take it away; here there is none, and it still names a tenant that was not granted.
    expect(
      await overHttp1(world(), { ...own(), connection: "close, relata-tenant", "relata-tenant": "south" }),
    ).toEqual([403]);
  });

  test("two authorization headers prove nothing on the HTTP port; on the gRPC port the first counts, and alone", async () => {
    const north = world().oauth.bearer({ tenant: "north" });
    const south = world().oauth.bearer({ tenant: "south" });
    for (const pair of [
      [north, south],
      [south, north],
      [north, north],
      [north, "Bearer none"],
    ]) {
      const headers = { authorization: pair };
      expect(await overGrpc(world(), "httpPort", headers)).toBe(UNAUTHENTICATED);
      expect(await overHttp1(world(), headers)).toEqual([401]);
      expect(await overGrpc(world(), "grpcPort", { ...headers, "relata-tenant": "north" })).toBe(
        pair[0] === north ? OK : PERMISSION_DENIED,
      );
    }
  });

  test("letters that are no ASCII name no tenant: refused, or not there", async () => {
    const headers = { ...own(), "relata-tenant": "s\u00f6uth" };
    expect(await overGrpc(world(), "httpPort", headers)).toBe(PERMISSION_DENIED);
    expect(await overHttp1(world(), headers)).toEqual([403]);
    // grpc-js passes such a header over: the caller is in its own tenant, and one bound to several has named none.
    expect(await overGrpc(world(), "grpcPort", headers)).toBe(OK);
    const authorization = world().bound.bearer({ sub: "both", tenant: undefined });
    expect(await overGrpc(world(), "grpcPort", { ...headers, authorization })).toBe(PERMISSION_DENIED);
  });

  test("a header that is no text is nobody's token, and is not written anywhere", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { authorization } = own();
    const odd = Buffer.from(`${authorization}\u00e9`, "latin1").toString("latin1");
    for (const port of ["grpcPort", "httpPort"] as const)
      expect(await overGrpc(world(), port, { authorization: odd })).toBe(UNAUTHENTICATED);
    expect(written.mock.calls).toEqual([]);
    written.mockRestore();
    expect(world().server.logText()).not.toContain(authorization.split(".")[2]);
  });
}
