import { request } from "node:http";
import { expect, test } from "vitest";
import { newOwnSecret, newPublicId } from "../../src/auth/own-secret.ts";
import { type Http2Answer, sendHttp2 } from "../attacks/raw-http.ts";
import { type ExchangeWorld, TOKEN } from "./exchange-world.ts";
import { makeClient } from "./world.ts";

const FORM = "application/x-www-form-urlencoded";
const GRANT = { grant_type: "client_credentials" };

/** What a request of the token endpoint should not look like. */
export function requestAttacks(world: () => ExchangeWorld): void {
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(`${world().server.httpUrl}${path}`, init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as object };
  };
  const formOf = (parameters: Readonly<Record<string, string>>) => ({
    method: "POST",
    headers: { "content-type": FORM },
    body: new URLSearchParams(parameters).toString(),
  });

  test.each([TOKEN, "/oauth2/introspect", "/oauth2/revoke"])(
    "secrets in the address of %s are refused, and do not get into the log",
    async (path) => {
      const { app, server } = world();
      const query = new URLSearchParams({ client_id: app.id, client_secret: app.secret, token: "x", ...GRANT });
      const { status, body } = await send(`${path}?${query}`, formOf(GRANT));
      expect([status, body]).toEqual([
        400,
        { error: "invalid_request", error_description: "parameters belong into the body, never into the address" },
      ]);
      expect((await send(`${path}?${query}`, { method: "GET" })).status).toBe(405);
      expect(server.logText()).not.toContain(app.secret.split("_")[3]);
      expect(server.logText()).toContain(path);
    },
  );

  test("a body without an end is cut off at 16 KiB, with an answer", async () => {
    const { httpPort } = world().server;
    expect(await sendChunks(httpPort, 40)).toEqual([400, "invalid_request"]);
    const http2 = await sendHttp2(httpPort, {
      headers: { ":method": "POST", ":path": TOKEN, "content-type": FORM },
      body: Buffer.alloc(1 << 20, "x"),
    });
    expect([http2.headers[":status"], errorOf(http2)]).toEqual([400, "invalid_request"]);
  });

  test.each([
    ["two authorizations", ["Basic eDp5", "Basic eDp5"]],
    ["a bearer token", ["Bearer x.y.z"]],
    ["credentials without a colon", ["Basic eA=="]],
    ["credentials that are no UTF-8", [`Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString("base64")}`]],
    ["a percent sign that encodes nothing", [`Basic ${Buffer.from("%zz:%zz").toString("base64")}`]],
  ])("%s at the token endpoint", async (_name, authorization) => {
    const answer = await sendHttp2(world().server.httpPort, {
      headers: { ":method": "POST", ":path": TOKEN, "content-type": FORM, authorization },
      body: Buffer.from("grant_type=client_credentials"),
    });
    expect(["invalid_client", "invalid_request"]).toContain(errorOf(answer));
    expect([400, 401]).toContain(answer.headers[":status"]);
  });

  test("texts that would forge lines of the log, or of the record", async () => {
    const { server, app } = world();
    const forged = '\n{"level":30,"msg":"FORGED"}\r\n\u001b[31mFORGED\u2028FORGED';
    const before = server.logLines().length;
    for (const [id, secret] of [
      [forged, app.secret],
      [app.id, forged],
      [forged, newOwnSecret("rlc", "live", newPublicId()).text],
    ] as const) {
      const client = { client_id: id, client_secret: secret };
      expect((await send(TOKEN, formOf({ ...GRANT, ...client }))).status).toBe(401);
    }
    for (const parameters of [{ grant_type: forged }, { ...GRANT, scope: forged }]) {
      const client = { client_id: app.id, client_secret: app.secret };
      expect((await send(TOKEN, formOf({ ...client, ...parameters }))).status).toBe(400);
    }
    // logLines() parses each line.
    expect(server.logLines().length).toBeGreaterThan(before);
    expect(server.logText()).not.toContain("FORGED");
  });

  test("refusals tell nothing of what is inside", async () => {
    const { app, server, exchange, refresh, idToken } = world();
    const { body: made } = await exchange(idToken());
    const answers = [
      await send(TOKEN, formOf({})),
      await send(TOKEN, formOf({ ...GRANT, client_id: app.id, client_secret: "x" })),
      await exchange(idToken({ sub: "nobody" })),
      await exchange(`${idToken()}x`),
      await refresh(String(made["access_token"])),
      await refresh(newOwnSecret("rlr", "live", newPublicId()).text),
    ];
    for (const { status, headers, body } of answers) {
      expect([400, 401]).toContain(status);
      expect(Object.keys(body)).toEqual(["error", "error_description"]);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(JSON.stringify(body)).not.toMatch(/relata\.|select|postgres|\.ts|node|organization|employee|nobody|kid/i);
      expect(server.logText()).toContain(String(headers.get("x-request-id")));
    }
  });

  test("a public answer names what is public only, to whoever asks", async () => {
    const { admin, server } = world();
    await makeClient({ admin }, { scopes: ["check"] });
    for (const path of ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"]) {
      const { status, headers, body } = await send(`${path}?x=1`, { headers: { origin: "https://evil.test" } });
      expect([status, headers.get("access-control-allow-origin")]).toEqual([200, null]);
      expect(JSON.stringify(body)).not.toMatch(/"d"|sealed|secret"|organization|people/);
      expect((await fetch(`${server.httpUrl}${path}`, { method: "HEAD" })).status).toBe(200);
    }
  });
}

function errorOf({ body }: Http2Answer): string | undefined {
  return (JSON.parse(body.toString("utf8")) as { readonly error?: string }).error;
}

/** So many KiB over HTTP/1.1, of a body that does not say how long it is. */
function sendChunks(port: number, kibibytes: number): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, method: "POST", path: TOKEN, headers: { "content-type": FORM } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => void chunks.push(chunk));
      response.on("end", () => {
        const { error } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { readonly error?: string };
        sent.destroy();
        resolve([response.statusCode, error]);
      });
    });
    sent.on("error", reject);
    for (let at = 0; at < kibibytes; at++) sent.write("x".repeat(1_024));
    // Never ended.
  });
}
