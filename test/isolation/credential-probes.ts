import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { expect } from "vitest";
import type { AuditService } from "../../src/gen/relata/v1/audit_service_pb.ts";
import type { ClientService } from "../../src/gen/relata/v1/client_service_pb.ts";
import type { CredentialService } from "../../src/gen/relata/v1/credential_service_pb.ts";
import { collect } from "../support/collect.ts";
import { reasonOf } from "./reason-of.ts";

export interface CredentialClients {
  readonly credentials: Client<typeof CredentialService>;
  readonly clients: Client<typeof ClientService>;
  readonly audit: Client<typeof AuditService>;
}

/** What of another tenant's credentials and record a caller could have come by. */
export interface CredentialHandles {
  readonly issuer: string;
  readonly keyId: string;
  readonly clientId: string;
  /** Of lists of one entry a page. */
  readonly pages: { readonly tokens: string; readonly clients: string; readonly events: string };
  /** Of the newest event. */
  readonly head: { readonly chain: string; readonly seq: bigint; readonly hash: Uint8Array<ArrayBuffer> };
}

/** South's credentials, two of each so that there are pages, and events that tell of them. */
export async function seedCredentials(south: CredentialClients, issuer: string): Promise<CredentialHandles> {
  const scopes = ["check"];
  const first = await south.credentials.createApiToken({ name: "south-token", scopes });
  await south.credentials.createApiToken({ name: "south-token", scopes });
  const { client } = await south.clients.createClient({ name: "south-robot", scopes });
  await south.clients.createClient({ name: "south-robot", scopes });
  const { head } = await south.audit.head({});
  return {
    issuer,
    keyId: first.token?.keyId ?? "",
    clientId: client?.clientId ?? "",
    pages: {
      tokens: (await south.credentials.listApiTokens({ pageSize: 1 })).nextPageToken,
      clients: (await south.clients.listClients({ pageSize: 1 })).nextPageToken,
      events: (await south.audit.query({ pageSize: 1 })).nextPageToken,
    },
    head: { chain: head?.chain ?? "", seq: head?.seq ?? 0n, hash: new Uint8Array(head?.hash ?? []) },
  };
}

/** Everything that is to be known of a tenant's credentials and record. */
export async function snapshotCredentials({ credentials, clients, audit }: CredentialClients) {
  const [{ tokens }, listed, { policy }, { head }] = await Promise.all([
    credentials.listApiTokens({ includeInactive: true }),
    clients.listClients({}),
    credentials.getApiTokenPolicy({}),
    audit.head({}),
  ]);
  return { tokens, clients: listed.clients, policy, seq: head?.seq };
}

type Probe = (north: CredentialClients, south: CredentialHandles) => Promise<void>;

const denied = (call: (north: CredentialClients, south: CredentialHandles) => Promise<unknown>): Probe => {
  return async (north, south) => expect(await reasonOf(call(north, south))).toBe("PERMISSION_DENIED");
};

/** Text of an answer, whatever it holds. */
function textOf(answer: unknown): string {
  return JSON.stringify(answer, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  );
}

const API_TOKENS: Readonly<Record<string, Probe>> = {
  "relata.v1.CredentialService/CreateApiToken": async ({ credentials }, { keyId }) => {
    const { token } = await credentials.createApiToken({ name: "of north", scopes: ["check"] });
    expect(token?.keyId).not.toBe(keyId);
  },
  "relata.v1.CredentialService/ListApiTokens": async ({ credentials }, { keyId, pages }) => {
    expect(textOf(await credentials.listApiTokens({ includeInactive: true }))).not.toContain(keyId);
    expect(await reasonOf(credentials.listApiTokens({ pageSize: 1, pageToken: pages.tokens }))).toBe("INVALID_CURSOR");
  },
  "relata.v1.CredentialService/RotateApiToken": async ({ credentials }, { keyId }) => {
    for (const overlap of [durationFromMs(0), durationFromMs(60_000)])
      expect(await reasonOf(credentials.rotateApiToken({ keyId, overlap }))).toBe("API_TOKEN_NOT_FOUND");
  },
  "relata.v1.CredentialService/RevokeApiToken": async ({ credentials }, { keyId }) => {
    const made = keyId.split("").toReversed().join("");
    const [theirs, nobodys] = await Promise.all([keyId, made].map((id) => failureOf(credentials, id)));
    expect(theirs).toContain("API_TOKEN_NOT_FOUND");
    expect(theirs?.replaceAll(keyId, "")).toBe(nobodys?.replaceAll(made, ""));
  },
  "relata.v1.CredentialService/GetApiTokenPolicy": async ({ credentials }) => {
    expect((await credentials.getApiTokenPolicy({})).policy?.maxActive).not.toBe(0);
  },
  "relata.v1.CredentialService/SetApiTokenPolicy": async ({ credentials }) => {
    const day = durationFromMs(86_400_000);
    await credentials.setApiTokenPolicy({ policy: { defaultLifetime: day, maxLifetime: day, maxActive: 77 } });
  },
};

async function failureOf(credentials: CredentialClients["credentials"], keyId: string): Promise<string> {
  return credentials.revokeApiToken({ keyId }).then(
    () => "answered",
    (error: unknown) => textOf([String(error), (error as { readonly details?: unknown }).details]),
  );
}

const OF_THE_PLATFORM: Readonly<Record<string, Probe>> = {
  "relata.v1.CredentialService/RevokeJwt": denied(({ credentials }, { issuer }) =>
    credentials.revokeJwt({ issuer, what: { case: "subject", value: "service" } }),
  ),
  "relata.v1.CredentialService/ListRevocations": denied(({ credentials }) => credentials.listRevocations({})),
  "relata.v1.CredentialService/PutBinding": denied(({ credentials }, { issuer }) =>
    credentials.putBinding({ binding: { issuer, subject: "service", tenants: ["south"], scopes: ["check"] } }),
  ),
  "relata.v1.CredentialService/ListBindings": denied(({ credentials }) => credentials.listBindings({})),
  "relata.v1.CredentialService/DeleteBinding": denied(({ credentials }, { issuer }) =>
    credentials.deleteBinding({ issuer, subject: "service" }),
  ),
  "relata.v1.ClientService/ListSigningKeys": denied(({ clients }) => clients.listSigningKeys({})),
  "relata.v1.ClientService/RotateSigningKey": denied(({ clients }) => clients.rotateSigningKey({ now: true })),
};

const CLIENTS: Readonly<Record<string, Probe>> = {
  "relata.v1.ClientService/CreateClient": async ({ clients }, { clientId }) => {
    const { client } = await clients.createClient({ name: "of north", scopes: ["check"] });
    expect(client?.clientId).not.toBe(clientId);
  },
  "relata.v1.ClientService/ListClients": async ({ clients }, { clientId, pages }) => {
    expect(textOf(await clients.listClients({}))).not.toContain(clientId);
    expect(await reasonOf(clients.listClients({ pageSize: 1, pageToken: pages.clients }))).toBe("INVALID_CURSOR");
  },
  "relata.v1.ClientService/RotateClientSecret": async ({ clients }, { clientId }) => {
    expect(await reasonOf(clients.rotateClientSecret({ clientId }))).toBe("CLIENT_NOT_FOUND");
  },
  "relata.v1.ClientService/DeleteClient": async ({ clients }, { clientId }) => {
    expect(await reasonOf(clients.deleteClient({ clientId }))).toBe("CLIENT_NOT_FOUND");
  },
};

const AUDIT: Readonly<Record<string, Probe>> = {
  "relata.v1.AuditService/Query": async ({ audit }, { pages, keyId }) => {
    const { events } = await audit.query({ pageSize: 1000 });
    expect(events.length).toBeGreaterThan(0);
    expect(textOf(events)).not.toMatch(/south/);
    expect((await audit.query({ mentions: "south" })).events).toEqual([]);
    expect((await audit.query({ mentions: keyId })).events).toEqual([]);
    expect(await reasonOf(audit.query({ pageSize: 1, pageToken: pages.events }))).toBe("INVALID_CURSOR");
  },
  "relata.v1.AuditService/QueryDecisions": async ({ audit }, { pages }) => {
    expect((await audit.queryDecisions({ object: "document:secret" })).decisions).toEqual([]);
    expect(await reasonOf(audit.queryDecisions({ pageToken: pages.events }))).toBe("INVALID_CURSOR");
  },
  "relata.v1.AuditService/Verify": async ({ audit }, { head }) => {
    // South's head is none of north's chain, whatever place it claims.
    const { problems } = await audit.verify({ heads: [head] });
    expect(problems.map(({ problem }) => problem)).toEqual(["foreign"]);
  },
  "relata.v1.AuditService/Export": async ({ audit }, { head }) => {
    const events = (await collect(audit.export({}))).flatMap((page) => page.events);
    expect(events.length).toBeGreaterThan(0);
    expect(textOf(events)).not.toContain(head.chain);
    expect(textOf(events)).not.toContain("south");
  },
  "relata.v1.AuditService/Head": async ({ audit }, { head }) => {
    expect((await audit.head({})).head?.chain).not.toBe(head.chain);
  },
};

/** For handles.test.ts: each method called by north with what belongs to south. */
export const CREDENTIAL_PROBES: Readonly<Record<string, Probe>> = {
  ...API_TOKENS,
  ...OF_THE_PLATFORM,
  ...CLIENTS,
  ...AUDIT,
};
