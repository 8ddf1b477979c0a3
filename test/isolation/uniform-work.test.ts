import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bound } from "../../src/storage/postgres/statement.ts";
import { callRaw, postJson } from "../support/server-raw.ts";
import { type DeniedWorld, OTHERS, ofSomeTenant, startDeniedWorld, UNKNOWN } from "./denied-callers.ts";

const CHECK = "relata.v1.AuthorizationService/Check";

/** What `timing.long.ts` measures, counted: a refusal that looks nothing up takes the same time whoever is named. */
let world: DeniedWorld;
const asked: string[] = [];
beforeAll(async () => {
  world = await startDeniedWorld((flight: readonly Bound[]) => {
    if (ofSomeTenant(flight)) asked.push(flight.map(({ name }) => name).join(" "));
  });
});
afterAll(() => world.close());

/** Everything that arrives, and the statements that it took. */
async function refusal(authorization: string, tenant: string): Promise<string> {
  const headers = { authorization, "relata-tenant": tenant, "x-request-id": "same" };
  const before = asked.length;
  const { server } = world;
  const rpc = await callRaw(server.grpcAddress, CHECK, new Uint8Array(), headers);
  const http = await postJson(server.httpUrl, CHECK, {}, headers);
  const metadata = Object.entries(rpc.headers.getMap()).filter(([name]) => name !== "date");
  const arrived = [...http.headers].filter(([name]) => name !== "date");
  return JSON.stringify([rpc.error, metadata, http.status, http.body, arrived, asked.slice(before)]);
}

test.each(["a claim", "bindings", "an API token"] as const)(
  "a caller proved by %s learns as little of others, at hand or not, as of those that do not exist",
  async (proof) => {
    const authorization = world.callers[proof];
    // The caller itself is known from here on.
    await refusal(authorization, "north");
    const cold = [];
    for (const slug of [...OTHERS, ...UNKNOWN]) cold.push(await refusal(authorization, slug));
    await world.useOthers();
    expect(asked.length).toBeGreaterThan(0);
    const warm = [];
    for (const slug of [...OTHERS, ...UNKNOWN]) warm.push(await refusal(authorization, slug));
    const said = new Set([...cold, ...warm]);
    expect([...said]).toHaveLength(1);
    expect([...said][0]).toMatch(/PERMISSION_DENIED.*,\[\]\]$/);
  },
);
