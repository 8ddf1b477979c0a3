import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import type { Fetch } from "../../src/auth/fetch-json.ts";
import { createKeyLoader } from "../../src/auth/key-source.ts";
import { FILE_KEY_POLICY } from "../../src/auth/keys.ts";
import { type Answer, sendJson } from "../support/tokens.ts";
import { createTestKey } from "../support/tokens-raw.ts";
import { type Rig, recordLog, startRig, verdict } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

const why = (): unknown => rig.lines.at(-1)?.fields["why"];

describe("discovery", () => {
  test.each<[string, (issuer: string) => unknown, RegExp]>([
    [
      "of another issuer",
      () => ({ issuer: "https://other.example", jwks_uri: "https://other.example/jwks" }),
      /is of issuer "https:\/\/other.example"/,
    ],
    ["of the issuer with a slash", (issuer) => ({ issuer: `${issuer}/`, jwks_uri: `${issuer}/jwks` }), /is of issuer/],
    ["without issuer", (issuer) => ({ jwks_uri: `${issuer}/jwks` }), /is of issuer undefined/],
    ["without jwks_uri", (issuer) => ({ issuer }), /has no jwks_uri/],
    ["with plain http", (issuer) => ({ issuer, jwks_uri: "http://keys.example/jwks" }), /must be https/],
    ["with a file", (issuer) => ({ issuer, jwks_uri: "file:///etc/passwd" }), /must be https/],
    ["with a password", (issuer) => ({ issuer, jwks_uri: "https://me:pw@keys.example/jwks" }), /user name or password/],
    ["that is a list", () => [], /not a JSON object/],
  ])("a document %s is not believed", async (_name, document, reason) => {
    rig.issuer.answer("discovery", (_request, response) => sendJson(response, document(rig.issuer.issuer)));
    expect(await verdict(rig.auth, rig.issuer.bearer())).toBe("keys_unavailable");
    expect(why()).toMatch(reason);
    expect(rig.issuer.fetches.jwks).toBe(0);
  });

  test("a document with a member twice is not believed", async () => {
    const { issuer, jwksUrl } = rig.issuer;
    const twice = `{"issuer":"${issuer}","jwks_uri":"https://evil.example","jwks_uri":"${jwksUrl}"}`;
    rig.issuer.answer("discovery", (_request, response) => void response.writeHead(200).end(twice));
    expect(await verdict(rig.auth, rig.issuer.bearer())).toBe("keys_unavailable");
    expect(why()).toMatch(/"jwks_uri" is there twice/);
  });

  test("a remote issuer cannot send this process to its own loopback", async () => {
    const issuer = "https://issuer.example";
    const asked: string[] = [];
    const fake: Fetch = async (url) => {
      asked.push(url);
      return Response.json({ issuer, jwks_uri: rig.issuer.jwksUrl });
    };
    const load = createKeyLoader(rig.issuer.trust({ issuer }), fake);
    await expect(load(AbortSignal.timeout(5000))).rejects.toThrow(/a loopback address/);
    expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`]);
  });

  test("an issuer with a path, with and without a slash at its end, is asked below the path", async () => {
    for (const path of ["/realms/acme", "/realms/acme/"]) {
      const asked: string[] = [];
      const load = createKeyLoader(rig.issuer.trust({ issuer: `https://issuer.example${path}` }), async (url) => {
        asked.push(url);
        return new Response("", { status: 404 });
      });
      await expect(load(AbortSignal.timeout(5000))).rejects.toThrow(/answered 404/);
      expect(asked).toEqual(["https://issuer.example/realms/acme/.well-known/openid-configuration"]);
    }
  });
});

describe("a key set", () => {
  const redirect: Answer = (_request, response) => void response.writeHead(302, { location: "/elsewhere" }).end();
  const endless: Answer = (_request, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write(" ".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  };
  test.each<[string, Answer, RegExp]>([
    ["behind a redirect", redirect, /answered 302, and redirects are not followed/],
    ["that is not there", (_request, response) => void response.writeHead(404).end(), /answered 404/],
    ["without end", endless, /more than 262144 bytes/],
    ["that is a page", (_request, response) => void response.writeHead(200).end("<html>"), /not a JSON object/],
    ["without keys", (_request, response) => sendJson(response, {}), /no array "keys"/],
    ["of 101 keys", (_request, response) => sendJson(response, { keys: Array(101).fill({}) }), /101 keys, at most 100/],
  ])("%s is not believed, and the last good keys stay", async (_name, answer, reason) => {
    expect(await verdict(rig.auth, rig.issuer.bearer())).toBe("accepted");
    rig.issuer.answer("jwks", answer);
    expect(await verdict(rig.auth, rig.issuer.bearer({}, { kid: "other" }))).toBe("key_unknown");
    expect(why()).toMatch(reason);
    expect(rig.issuer.fetches.other).toEqual([]);
    expect(await verdict(rig.auth, rig.issuer.bearer())).toBe("accepted");
  });

  test("with members nobody knows serves by those that are known", async () => {
    const { jwk } = rig.issuer.key();
    const keys = [{ kty: "AKP", alg: "ML-DSA-44", kid: "pq", pub: "AAAA" }, "text", null, { kty: "EC" }, jwk, jwk];
    rig.issuer.answer("jwks", (_request, response) => sendJson(response, { keys, extra: 1 }));
    expect(await verdict(rig.auth, rig.issuer.bearer())).toBe("accepted");
  });

  test("with two keys of one kid serves by neither", async () => {
    const { jwk, kid } = rig.issuer.key();
    const keys = [jwk, createTestKey("ES256", { kid }).jwk];
    rig.issuer.answer("jwks", (_request, response) => sendJson(response, { keys }));
    expect(await verdict(rig.auth, rig.issuer.bearer())).toBe("key_unusable");
  });

  test("may be read at its own URL, with no discovery", async () => {
    const log = recordLog();
    const trust = rig.issuer.trust({ keys: { kind: "jwks", url: rig.issuer.jwksUrl } });
    const auth = createAuthenticator({ issuers: [trust], bindings: [] }, { now: rig.clock.now, log: log.log });
    expect(await verdict(auth, rig.issuer.bearer())).toBe("accepted");
    expect(rig.issuer.fetches).toMatchObject({ discovery: 0, jwks: 1 });
    auth.close();
  });
});

describe("a key file", () => {
  test("is read again when it changes, and serves on while it is missing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "relata-keys-"));
    const path = join(folder, "jwks.json");
    const publish = (keys: readonly unknown[]): Promise<void> => writeFile(path, JSON.stringify({ keys }));
    const log = recordLog();
    const trust = rig.issuer.trust({ keys: { kind: "file", path } });
    const auth = createAuthenticator({ issuers: [trust], bindings: [] }, { now: rig.clock.now, log: log.log });
    const old = rig.issuer.bearer();
    expect(await verdict(auth, old)).toBe("keys_unavailable");

    await publish(rig.issuer.publishedKeys());
    rig.clock.advance(FILE_KEY_POLICY.retryMs);
    expect(await verdict(auth, old)).toBe("accepted");

    rig.issuer.rotate();
    await publish(rig.issuer.publishedKeys());
    rig.clock.advance(FILE_KEY_POLICY.refreshMs);
    expect(await verdict(auth, old)).toBe("key_unknown");
    expect(await verdict(auth, rig.issuer.bearer())).toBe("accepted");

    await rename(path, `${path}.away`);
    rig.clock.advance(60_000);
    expect(await verdict(auth, rig.issuer.bearer())).toBe("accepted");
    expect(log.lines.at(-1)).toMatchObject({ level: "warn", fields: { why: expect.stringContaining("ENOENT") } });
    expect(rig.issuer.fetches).toMatchObject({ discovery: 0, jwks: 0 });
    auth.close();
    await rm(folder, { recursive: true });
  });
});
