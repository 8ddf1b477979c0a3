import { afterAll, beforeAll, expect, test } from "vitest";
import { PAYLOADS, POSTGRES, wellFormed } from "../attacks/string-attacks.ts";
import { FORGED, INSIDE } from "../attacks/text-attacks.ts";
import { withClient } from "../support/postgres-template.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { ACCESS_TOKEN, EXCHANGE, type ExchangeWorld, ID_TOKEN, TOKEN } from "./exchange-world.ts";
import { type Answered, makeClient, OWN_AUDIENCE, OWN_ISSUER, type TestClient } from "./world.ts";

type Form = Readonly<Record<string, string>>;

/** A little less than the form may have. */
const HUGE = "Oversize/".repeat(1_700);
/** Each is sent in turn, in the place of one field of a request that is good without it. */
const TEXTS: readonly string[] = [...PAYLOADS.map(wellFormed), FORGED, HUGE];
/** What an answer may be: a refusal, or a token where the field means nothing. Never a fault, nor "try again". */
const EXPECTED: readonly number[] = [200, 400, 401];

/** SQL, orders to logs and too much, in every field that the token service reads, by a client that is proved and by nobody. */
export function formAttacks(world: () => ExchangeWorld): void {
  let client: TestClient;
  let before: unknown;
  let errorsBefore = 0;
  beforeAll(async () => {
    client = await makeClient(world(), {
      grantTypes: ["client_credentials", EXCHANGE, "refresh_token"],
      scopes: ["check"],
    });
    await withClient(superuser(world()), async (admin) => {
      await admin.query("CREATE TABLE public.canary AS SELECT true AS alive");
      await admin.query("GRANT ALL ON public.canary TO PUBLIC");
    });
    errorsBefore = errorsOf(world()).length;
    before = await stateOf(world());
  });

  const requests = (): Readonly<Record<string, readonly [path: string, form: Form, more: readonly string[]]>> => ({
    "client credentials": [TOKEN, { grant_type: "client_credentials" }, ["scope", "client_id", "client_secret"]],
    exchange: [
      TOKEN,
      { grant_type: EXCHANGE, subject_token: world().idToken(), subject_token_type: ID_TOKEN },
      ["actor_token", "actor_token_type", "requested_token_type", "resource", "audience", "scope"],
    ],
    refresh: [TOKEN, { grant_type: "refresh_token" }, ["refresh_token", "scope"]],
    introspection: ["/oauth2/introspect", {}, ["token", "token_type_hint"]],
    revocation: ["/oauth2/revoke", {}, ["token", "token_type_hint"]],
  });

  test.each(["client credentials", "exchange", "refresh", "introspection", "revocation"])(
    "SQL, forged lines and oversize in every field of %s",
    async (name) => {
      const [path, form, more] = requests()[name] as [string, Form, readonly string[]];
      const tries = [...Object.keys(form), ...more].flatMap((field, at) =>
        chosen(at).flatMap((text) =>
          [{ client }, {}].map(async (options) => {
            inspect(
              await world().post(path, { ...form, [field]: text }, options),
              text,
              `${field}: ${text.slice(0, 60)}`,
            );
          }),
        ),
      );
      await Promise.all(tries);
    },
  );

  test.each<[string, (text: string) => Claims]>([
    ["sub", (sub) => ({ sub })],
    ["jti", (jti) => ({ jti })],
    ["aud", (aud) => ({ aud })],
    ["act.sub", (sub) => ({ act: { sub } })],
    ["act.iss", (iss) => ({ act: { iss, sub: "desk" } })],
    ["may_act.sub", (sub) => ({ may_act: { sub } })],
  ])("and in the claim %s of a subject token", async (name, claims) => {
    const { exchange, idToken } = world();
    const texts = name === "aud" ? chosen(0) : TEXTS.map((text) => text.slice(0, 500));
    await Promise.all(
      texts.map(async (text) =>
        inspect(await exchange(idToken(claims(text)), {}, { client }), text, `${name}: ${text.slice(0, 60)}`),
      ),
    );
  });

  test("and in the names of tenants, and in Basic credentials", async () => {
    const { open, post, exchange, idToken } = world();
    for (const text of chosen(1)) {
      const resource = `${OWN_ISSUER}/tenants/${text}`;
      const target = { resource, audience: OWN_AUDIENCE, requested_token_type: ACCESS_TOKEN };
      inspect(await exchange(idToken(), target, { client }), text, resource);
      inspect(await exchange(idToken(), target, { at: open }), text, resource);
      for (const as of [
        { id: text, secret: client.secret },
        { id: client.id, secret: text },
      ]) {
        if (text.length < 4_000)
          inspect(await post(TOKEN, { grant_type: "client_credentials" }, { client: as }), text, text);
      }
    }
  });

  afterAll(async () => {
    expect(errorsOf(world()).slice(errorsBefore)).toEqual([]);
    expect(await stateOf(world())).toEqual(before);
  });
}

/** Three of the texts and the two that are more than SQL, others for each field. */
function chosen(at: number): readonly string[] {
  return [...[0, 5, 8].flatMap((step) => PAYLOADS[(at + step) % PAYLOADS.length] ?? []).map(wellFormed), FORGED, HUGE];
}

function inspect({ status, body }: Answered, text: string, what: string): void {
  expect(EXPECTED, `${what}: ${status} ${JSON.stringify(body).slice(0, 300)}`).toContain(status);
  if (status === 200) return;
  expect(Object.keys(body), what).toEqual(["error", "error_description"]);
  const said = JSON.stringify(body).replaceAll(text, "");
  expect(said, what).not.toMatch(POSTGRES);
  expect(said, what).not.toMatch(INSIDE);
  expect(said.length, what).toBeLessThan(500);
}

function errorsOf({ server }: ExchangeWorld): readonly object[] {
  return server.logLines().filter(({ level }) => level === "error");
}

function superuser({ server: { database } }: ExchangeWorld) {
  return database.superuser ?? database.owner;
}

/** What a statement that got through would have changed. */
async function stateOf(world: ExchangeWorld): Promise<unknown> {
  return withClient(superuser(world), async (admin) => {
    const rows = async (sql: string) => (await admin.query(sql)).rows;
    await admin.query("SET row_security = off").catch(() => undefined);
    return {
      canary: await rows("SELECT * FROM public.canary"),
      roles: await rows("SELECT rolname, rolsuper FROM pg_roles WHERE rolname ~ '^(relata|canary)' ORDER BY 1"),
      tuples: await rows("SELECT * FROM relata.tuple ORDER BY tenant_id, object_id, subject_id"),
      tenants: await rows("SELECT slug, state FROM relata.tenant ORDER BY 1"),
    };
  });
}
