import type { DescMethod } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { METHOD_SCOPES, methodAccess } from "../../src/auth/scope.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { withClient } from "../support/postgres-template.ts";
import { type SeenError, seenInGrpc } from "../support/server-raw.ts";
import type { TestIssuer } from "../support/tokens.ts";
import { nameOf, requestWith, stringPaths } from "./string-fields.ts";
import type { AttackWorld, InWorld } from "./world.ts";

/** Each ends a string, a cast, a comment or a pattern somewhere; what they would do shows in the canary. */
export const PAYLOADS: readonly string[] = [
  "'; DROP TABLE public.canary; --",
  "' OR '1'='1",
  "1); CREATE ROLE canary_role SUPERUSER; --",
  "$$; UPDATE public.canary SET alive = false; $$",
  "\\'; SELECT set_config('relata.registry', 'open', false); --",
  "x' UNION SELECT slug, id::text FROM relata.tenant --",
  "%' OR relname LIKE '%",
  '{"a":"\'}; DELETE FROM relata.tuple; --"}',
  "\u0000'; SELECT pg_sleep(60); --",
  "$1::text; COPY (SELECT 1) TO PROGRAM 'touch /tmp/canary' --",
  "\ud800\u2019; --",
  "E'\\047; DELETE FROM public.canary; --",
];

export const METHODS = API_SERVICES.flatMap((service): readonly DescMethod[] => service.methods);
export const procedureOf = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;

/** Faults of ours, which no request may cause: UNKNOWN, INTERNAL, DATA_LOSS; and what a busy statement would end in. */
export const FAULTS: ReadonlySet<string> = new Set(["2", "4", "13", "14", "15"]);

/** Words of Postgres that have no place in an answer. Of a request's own words, cut out before, there may be any. */
export const POSTGRES = /syntax error|relation "|column "|invalid input|unterminated|violates|pg_|\bSQL\b|42\d\d\d/i;

/** Everything a statement that got through would have changed. */
async function stateOf({ server }: AttackWorld): Promise<unknown> {
  const admin = server.database.superuser ?? server.database.owner;
  return withClient(admin, async (client) => {
    const one = async (sql: string) => (await client.query(sql)).rows;
    await client.query("SET row_security = off").catch(() => undefined);
    return {
      canary: await one("SELECT * FROM public.canary"),
      roles: await one(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'relata%' OR rolname LIKE 'canary%' ORDER BY 1",
      ),
      relations: await one(
        "SELECT nspname, relname, relacl::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('relata', 'public') AND relname !~ '^(audit|decision).*_\\d' ORDER BY 1, 2",
      ),
      policies: await one("SELECT count(*) FROM pg_policy"),
      south: await one(
        "SELECT t.* FROM relata.tuple t JOIN relata.tenant n ON n.id = t.tenant_id WHERE n.slug = 'south' ORDER BY t.object_id",
      ),
      tenants: await one("SELECT slug, state FROM relata.tenant WHERE slug IN ('north', 'south') ORDER BY 1"),
    };
  });
}

/** SQL in every text field of every method, by callers who may call it; a new method is among them by itself. */
export function stringAttacks(world: InWorld, everything: boolean): void {
  let client: Client;
  let before: unknown;
  beforeAll(async () => {
    const { server } = world();
    await withClient(server.database.superuser ?? server.database.owner, async (admin) => {
      await admin.query("CREATE TABLE public.canary AS SELECT true AS alive");
      await admin.query("GRANT ALL ON public.canary TO PUBLIC");
    });
    client = new Client(server.grpcAddress, credentials.createInsecure());
    before = await stateOf(world());
  });
  afterAll(() => client.close());

  test("every method of the API may be called by one of the two callers", () => {
    expect(METHODS.filter((method) => methodAccess(procedureOf(method)) === undefined)).toEqual([]);
    expect(METHODS.flatMap((method) => stringPaths(method.input)).length).toBeGreaterThan(100);
  });

  test.each(METHODS.map((method) => [procedureOf(method), method] as const))(
    "SQL in the texts of %s",
    async (procedure, method) => {
      const { oauth, server } = world();
      const metadata = callerOf(procedure, oauth);
      const paths = stringPaths(method.input);
      const calls = paths.flatMap((path, at) =>
        chosen(at, everything).flatMap((payload) =>
          [true, false].map(async (filled) => {
            const error = await send(
              client,
              procedure,
              requestWith(method, path, wellFormed(payload), filled),
              metadata,
            );
            const what = `${nameOf(path)} with ${payload}`;
            expect(FAULTS.has(error?.code ?? "0"), `${what}: ${JSON.stringify(error)}`).toBe(false);
            expect(withoutQuotes(error, payload), what).not.toMatch(POSTGRES);
          }),
        ),
      );
      await Promise.all(calls);
      expect(server.logLines().filter(({ level }) => level === "error")).toEqual([]);
    },
  );

  test("and the database is as it was", async () => {
    expect(await stateOf(world())).toEqual(before);
  });
}

/** Whoever may call it, with a token of its own. */
export function callerOf(procedure: string, issuer: TestIssuer): Metadata {
  const { kind } = METHOD_SCOPES[procedure as keyof typeof METHOD_SCOPES];
  const metadata = new Metadata();
  const claims = kind === "platform" ? { sub: "operator", tenant: undefined } : { tenant: "north" };
  metadata.set("authorization", issuer.bearer(claims));
  return metadata;
}

/** Every payload, or three of them, others for each field. */
function chosen(at: number, everything: boolean): readonly string[] {
  return everything ? PAYLOADS : [0, 5, 9].flatMap((step) => PAYLOADS[(at + step) % PAYLOADS.length] ?? []);
}

/** protobuf has no half surrogates; the rest of such a payload goes as it is. */
export function wellFormed(payload: string): string {
  return payload.toWellFormed();
}

/** What an answer says besides what it was sent, whole or quoted. */
export function withoutQuotes(error: SeenError | undefined, payload: string): string {
  const text = `${error?.message ?? ""} ${JSON.stringify(error?.metadata ?? {})}`;
  const quoted = [wellFormed(payload), JSON.stringify(wellFormed(payload)).slice(1, -1)];
  return quoted.reduce((left, one) => left.replaceAll(one, ""), text).replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
}

export function send(
  client: Client,
  procedure: string,
  bytes: Uint8Array,
  metadata: Metadata,
): Promise<SeenError | undefined> {
  const same = (value: Buffer) => value;
  return new Promise((resolve) => {
    const deadline = Date.now() + 20_000;
    client.makeUnaryRequest(
      `/${procedure}`,
      same,
      same,
      Buffer.from(bytes),
      metadata,
      { deadline },
      (error: ServiceError | null) => resolve(error === null ? undefined : seenInGrpc(error)),
    );
  });
}
