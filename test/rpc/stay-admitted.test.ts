import { ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { TupleService } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import type { Scope } from "../../src/model/scope.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireUpdate } from "../support/server-seed.ts";
import { TRANSPORTS } from "../support/server-transports.ts";

/** How long tokens live, milliseconds. */
const LIFETIME_MS = 600_000;

let server: TestServer;
let aheadMs = 0;

beforeAll(async () => {
  server = await startTestServer({
    now: () => Date.now() + aheadMs,
    trust: { tenant: { kind: "bindings" } },
    // The store begins again at every page: a stream that never ends by itself.
    config: { maxReadPage: 2, maxDeadlineMs: 3_600_000 },
    wrapStore: (store) => ({
      ...store,
      tuples: {
        ...store.tuples,
        page: (tenant, { after: _, ...query }, signal) => store.tuples.page(tenant, query, signal),
      },
    }),
  });
  await server.createTenant("acme");
  await bind("seed", { scopes: ["schema:write", "tuples:write", "tuples:read", "credentials:write"] });
  const seed = server.client("", { sub: "seed", tenant: undefined });
  await seed.schemas.write({ text: DOCUMENTS_SCHEMA });
  await seed.tuples.write({ updates: ["+document:1#viewer@user:ann", "+document:2#viewer@user:ann"].map(wireUpdate) });
});
beforeEach(() => {
  aheadMs = 0;
});
afterAll(() => server.close());

interface Bound {
  readonly scopes?: readonly Scope[];
  readonly objects?: readonly { readonly type: string }[];
}

async function bind(subject: string, { scopes = ["tuples:read"], objects = [] }: Bound = {}): Promise<void> {
  const { issuer } = server.issuer;
  const binding = { issuer, subject, tenants: ["acme"], scopes: [...scopes], objects: [...objects] };
  await server.operator.credentials.putBinding({ binding });
  await server.trust.poll();
}

/**
 * Reads on and on.
 * @param then what is done once tuples have begun to come
 * @returns how the stream ended
 */
async function readUntilEnded(authorization: string, then: () => Promise<unknown>): Promise<string> {
  const { read } = createClient(TupleService, TRANSPORTS["gRPC on the gRPC port"](server, { authorization }));
  let acted: Promise<unknown> | undefined;
  try {
    for await (const _ of read({ filter: { objectType: "document" } })) acted ??= then();
  } catch (error) {
    expect(acted).toBeDefined();
    await acted;
    return ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? String(error);
  }
  return "ended";
}

const bearer = (sub: string, more: object = {}) => server.issuer.bearer({ sub, tenant: undefined, ...more });

describe("a stream that is open ends", () => {
  test("when its JWT is revoked", async () => {
    await bind("revoked");
    const { issuer } = server.issuer;
    const reason = await readUntilEnded(bearer("revoked", { jti: "stolen" }), () =>
      server.operator.credentials.revokeJwt({ issuer, what: { case: "tokenId", value: "stolen" } }),
    );
    expect(reason).toBe("UNAUTHENTICATED");
  });

  test("when its API token is revoked", async () => {
    const { credentials } = server.client("", { sub: "seed", tenant: undefined });
    const { secret, token } = await credentials.createApiToken({ name: "export", scopes: ["tuples:read"] });
    const keyId = token?.keyId ?? "";
    expect(await readUntilEnded(`Bearer ${secret}`, () => credentials.revokeApiToken({ keyId }))).toBe(
      "UNAUTHENTICATED",
    );
  });

  test("when its binding is gone", async () => {
    await bind("unbound");
    const { issuer } = server.issuer;
    const reason = await readUntilEnded(bearer("unbound"), () =>
      server.operator.credentials.deleteBinding({ issuer, subject: "unbound" }),
    );
    expect(reason).toBe("UNAUTHENTICATED");
  });

  test.each([
    ["loses its scope", { scopes: ["check"] }],
    ["is narrowed to other objects", { objects: [{ type: "folder" }] }],
  ] satisfies [string, Bound][])("when its caller %s", async (what, bound) => {
    await bind(what);
    expect(await readUntilEnded(bearer(what), () => bind(what, bound))).toBe("PERMISSION_DENIED");
  });

  test("when its credential expires", async () => {
    await bind("expiring");
    const reason = await readUntilEnded(bearer("expiring"), async () => {
      aheadMs = 2 * LIFETIME_MS;
    });
    expect(reason).toBe("UNAUTHENTICATED");
  });

  test("when its tenant is suspended", async () => {
    await bind("suspended");
    const reason = await readUntilEnded(bearer("suspended"), () => server.operator.tenants.suspend({ slug: "acme" }));
    expect(reason).toBe("PERMISSION_DENIED");
    await server.operator.tenants.resume({ slug: "acme" });
    await server.trust.poll();
  });
});

test("one whose caller has gained something goes on", async () => {
  await bind("gaining");
  let seen = 0;
  const { read } = createClient(
    TupleService,
    TRANSPORTS["gRPC on the gRPC port"](server, { authorization: bearer("gaining") }),
  );
  const version = server.trust.version;
  let begunMs = 0;
  for await (const _ of read({ filter: { objectType: "document" } })) {
    if (seen === 0) await bind("gaining", { scopes: ["tuples:read", "check"] });
    begunMs ||= performance.now();
    seen += 1;
    // Long enough for it to have been asked again, several times.
    if (performance.now() - begunMs > 350) break;
  }
  expect(server.trust.version).toBeGreaterThan(version);
  expect(seen).toBeGreaterThan(2);
});
