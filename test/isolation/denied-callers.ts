import { SCOPES } from "../../src/model/scope.ts";
import type { Observer } from "../../src/storage/postgres/flight.ts";
import type { Bound } from "../../src/storage/postgres/statement.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, writeTuples } from "../support/server-seed.ts";
import { startTestIssuer } from "../support/tokens.ts";

/** Slugs of one length, so that nothing but their existence tells them apart. */
export const OTHERS = ["south", "easts"] as const;
export const UNKNOWN = ["nowhr", "never"] as const;

export interface DeniedWorld {
  readonly server: TestServer;
  /** `authorization` of callers of north alone, by what proves them. */
  readonly callers: Readonly<Record<"a claim" | "bindings" | "an API token", string>>;
  /** Somebody of each other tenant asks, so that the server has it at hand. */
  useOthers(): Promise<void>;
  close(): Promise<void>;
}

/** North's callers, who want to know which other tenants there are. */
export async function startDeniedWorld(observe?: Observer): Promise<DeniedWorld> {
  const bound = await startTestIssuer();
  const issuer = await startTestIssuer();
  const server = await startTestServer({
    issuer,
    ...(observe && { observe }),
    config: {
      issuers: [issuer.trust(), bound.trust({ tenant: { kind: "bindings" } })],
      bindings: [
        { issuer: issuer.issuer, subject: "operator", tenants: [], platform: true, scopes: SCOPES },
        { issuer: bound.issuer, subject: "service", tenants: ["north", "nords"], platform: false, scopes: ["check"] },
      ],
    },
  });
  for (const slug of ["north", "nords", ...OTHERS]) {
    await server.createTenant(slug);
    await server.client(slug).schemas.write({ text: DOCUMENTS_SCHEMA });
    await writeTuples(server.client(slug), "+document:1#viewer@user:nora");
  }
  const { secret } = await server.client("north").credentials.createApiToken({ name: "job", scopes: ["check"] });
  const others = OTHERS.map((slug) => server.client(slug, { exp: inAnHourS() }));
  return {
    server,
    callers: {
      "a claim": issuer.bearer({ tenant: "north", exp: inAnHourS() }),
      bindings: bound.bearer({ tenant: undefined, exp: inAnHourS() }),
      "an API token": `Bearer ${secret}`,
    },
    async useOthers() {
      for (const other of others) await other.tuples.write({ updates: [] }).catch(() => undefined);
    },
    async close() {
      await server.close();
      await bound.close();
      await issuer.close();
    },
  };
}

function inAnHourS(): number {
  return Math.floor(Date.now() / 1000) + 3_000;
}

/** Statements for a caller: in the scope of a tenant, by id or by slug. What is polled is in none. */
export function ofSomeTenant(flight: readonly Bound[]): boolean {
  const [tenantId, slug] = flight.find(({ name }) => name === "enter_scope")?.values ?? [];
  return Boolean(tenantId) || Boolean(slug);
}
