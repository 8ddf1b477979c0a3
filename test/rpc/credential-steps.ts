import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { expect } from "vitest";
import type { AuditService } from "../../src/gen/relata/v1/audit_service_pb.ts";
import { type ClientService, SigningKeyState } from "../../src/gen/relata/v1/client_service_pb.ts";
import { ApiTokenState, type CredentialService } from "../../src/gen/relata/v1/credential_service_pb.ts";
import { collect } from "../support/collect.ts";

export interface CredentialClients {
  readonly slug: string;
  readonly issuer: string;
  readonly credentials: Client<typeof CredentialService>;
  readonly clients: Client<typeof ClientService>;
  readonly audit: Client<typeof AuditService>;
  /** The same as a principal of the platform. */
  readonly platform: {
    readonly credentials: Client<typeof CredentialService>;
    readonly clients: Client<typeof ClientService>;
    readonly audit: Client<typeof AuditService>;
  };
}

type Step = readonly [procedure: string, step: (clients: CredentialClients) => Promise<void>];

async function newestToken({ credentials }: CredentialClients): Promise<string> {
  const [token] = (await credentials.listApiTokens({ pageSize: 1 })).tokens;
  return token?.keyId ?? "";
}

const TOKENS: readonly Step[] = [
  [
    "relata.v1.CredentialService/SetApiTokenPolicy",
    async ({ credentials }) => {
      const [day, week] = [durationFromMs(86_400_000), durationFromMs(7 * 86_400_000)];
      await credentials.setApiTokenPolicy({ policy: { defaultLifetime: day, maxLifetime: week, maxActive: 3 } });
    },
  ],
  [
    "relata.v1.CredentialService/GetApiTokenPolicy",
    async ({ credentials }) => {
      const { policy } = await credentials.getApiTokenPolicy({});
      expect(policy).toMatchObject({ defaultLifetime: { seconds: 86_400n }, maxActive: 3 });
    },
  ],
  [
    "relata.v1.CredentialService/CreateApiToken",
    async ({ credentials }) => {
      const { secret, token } = await credentials.createApiToken({ name: "ci", scopes: ["check"] });
      expect(secret.startsWith(`rlt_live_${token?.keyId}_`)).toBe(true);
    },
  ],
  [
    "relata.v1.CredentialService/RotateApiToken",
    async (clients) => {
      const keyId = await newestToken(clients);
      const { token, previous } = await clients.credentials.rotateApiToken({ keyId });
      expect([token?.rotatedFrom, previous?.state]).toEqual([keyId, ApiTokenState.EXPIRED]);
    },
  ],
  [
    "relata.v1.CredentialService/RevokeApiToken",
    async (clients) => {
      const keyId = await newestToken(clients);
      expect((await clients.credentials.revokeApiToken({ keyId })).token?.state).toBe(ApiTokenState.REVOKED);
    },
  ],
  [
    "relata.v1.CredentialService/ListApiTokens",
    async ({ credentials }) => {
      expect((await credentials.listApiTokens({})).tokens).toEqual([]);
      expect((await credentials.listApiTokens({ includeInactive: true })).tokens).toHaveLength(2);
    },
  ],
];

const TRUST: readonly Step[] = [
  [
    "relata.v1.CredentialService/PutBinding",
    async ({ platform, issuer, slug }) => {
      const binding = { issuer, subject: `robot-${slug}`, platform: true, scopes: ["audit:read"] };
      expect((await platform.credentials.putBinding({ binding })).binding).toMatchObject(binding);
    },
  ],
  [
    "relata.v1.CredentialService/ListBindings",
    async ({ platform, issuer, slug }) => {
      const { bindings } = await platform.credentials.listBindings({ issuer });
      expect(bindings.map(({ subject }) => subject)).toEqual([`robot-${slug}`]);
    },
  ],
  [
    "relata.v1.CredentialService/DeleteBinding",
    async ({ platform, issuer, slug }) => {
      await platform.credentials.deleteBinding({ issuer, subject: `robot-${slug}` });
      expect((await platform.credentials.listBindings({})).bindings).toEqual([]);
    },
  ],
  [
    "relata.v1.CredentialService/RevokeJwt",
    async ({ platform, issuer, slug }) => {
      const what = { case: "tokenId" as const, value: `lost-${slug}` };
      const { revocation } = await platform.credentials.revokeJwt({ issuer, what, reason: "lost" });
      expect(revocation).toMatchObject({ issuer, what, reason: "lost" });
    },
  ],
  [
    "relata.v1.CredentialService/ListRevocations",
    async ({ platform, slug }) => {
      const { revocations } = await platform.credentials.listRevocations({ pageSize: 1000 });
      expect(revocations.map(({ what }) => what.value)).toContain(`lost-${slug}`);
    },
  ],
];

const CLIENTS: readonly Step[] = [
  [
    "relata.v1.ClientService/CreateClient",
    async ({ clients }) => {
      const { client, clientSecret } = await clients.createClient({ name: "robot", scopes: ["check"] });
      expect(client?.grantTypes).toEqual(["client_credentials"]);
      expect(clientSecret).toMatch(/^rlc_live_/);
    },
  ],
  [
    "relata.v1.ClientService/RotateClientSecret",
    async ({ clients }) => {
      const [client] = (await clients.listClients({})).clients;
      const overlap = durationFromMs(60_000);
      const rotated = await clients.rotateClientSecret({ clientId: client?.clientId ?? "", overlap });
      expect(rotated.client?.secrets).toHaveLength(2);
    },
  ],
  [
    "relata.v1.ClientService/ListClients",
    async ({ clients }) => {
      expect((await clients.listClients({})).clients).toMatchObject([{ name: "robot", scopes: ["check"] }]);
    },
  ],
  [
    "relata.v1.ClientService/DeleteClient",
    async ({ clients }) => {
      const [client] = (await clients.listClients({})).clients;
      await clients.deleteClient({ clientId: client?.clientId ?? "" });
      expect((await clients.listClients({})).clients).toEqual([]);
    },
  ],
  [
    "relata.v1.ClientService/RotateSigningKey",
    async ({ platform }) => {
      expect((await platform.clients.rotateSigningKey({})).key?.state).toBe(SigningKeyState.NEXT);
    },
  ],
  [
    "relata.v1.ClientService/ListSigningKeys",
    async ({ platform }) => {
      const { keys } = await platform.clients.listSigningKeys({});
      expect(keys.map(({ state }) => state)).toContain(SigningKeyState.ACTIVE);
    },
  ],
];

const AUDIT: readonly Step[] = [
  [
    "relata.v1.AuditService/Query",
    async ({ audit, platform, slug }) => {
      const { events } = await audit.query({ events: ["client.*"], oldestFirst: true });
      expect(events.map(({ event }) => event)).toEqual(["client.created", "client.rotated", "client.deleted"]);
      const put = await platform.audit.query({ events: ["binding.put"], mentions: `robot-${slug}` });
      expect(put.events).toMatchObject([{ personal: { subject: `robot-${slug}` } }]);
    },
  ],
  [
    "relata.v1.AuditService/QueryDecisions",
    async ({ audit }) => {
      expect((await audit.queryDecisions({})).decisions).toEqual([]);
    },
  ],
  [
    "relata.v1.AuditService/Head",
    async ({ audit }) => {
      expect((await audit.head({})).head).toMatchObject({ keyId: "", signature: { length: 0 } });
    },
  ],
  [
    "relata.v1.AuditService/Verify",
    async ({ audit }) => {
      const { head } = await audit.head({});
      expect(await audit.verify({})).toMatchObject({ intact: true, complete: true, lastSeq: head?.seq });
    },
  ],
  [
    "relata.v1.AuditService/Export",
    async ({ audit }) => {
      const events = (await collect(audit.export({}))).flatMap((page) => page.events);
      const { head } = await audit.head({});
      expect(events).toHaveLength(Number(head?.seq));
      expect(Buffer.compare(events.at(-1)?.hash ?? new Uint8Array(), head?.hash ?? new Uint8Array())).toBe(0);
    },
  ],
];

/** A walk through the services of credentials and of the record, for protocols.test.ts: each step calls one method. */
export const CREDENTIAL_STEPS: readonly Step[] = [...TOKENS, ...TRUST, ...CLIENTS, ...AUDIT];
