import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DOCUMENTS_SCHEMA, writeTuples } from "../../support/server-seed.ts";
import { type CredentialFleet, clientOf, type ServingNode, TENANT } from "./node.ts";

/** A credential that every node lets in, and how it is taken away on one of them. */
export interface Victim {
  readonly token: string;
  /** Resolves when the node's answer is there. */
  revoke(node: ServingNode): Promise<void>;
}

export type Way = (fleet: CredentialFleet) => Promise<Victim>;

const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** Every way in which a credential ends before its time. */
export const WAYS: Readonly<Record<string, Way>> = {
  "its jti revoked": async (fleet) => {
    const tokenId = randomUUID();
    return {
      token: fleet.mint({ jti: tokenId, sub: `job-${tokenId}` }),
      revoke: async ({ operator }) => {
        await operator.credentials.revokeJwt({
          issuer: fleet.issuer,
          what: { case: "tokenId", value: tokenId },
          reason: "stolen",
        });
      },
    };
  },
  "its subject's tokens revoked": async (fleet) => {
    const subject = `job-${randomUUID()}`;
    return {
      token: fleet.mint({ sub: subject }),
      revoke: async ({ operator }) => {
        await operator.credentials.revokeJwt({
          issuer: fleet.issuer,
          what: { case: "subject", value: subject },
          issuedBefore: timestampFromMs(Date.now() + 60_000),
          reason: "left",
        });
      },
    };
  },
  "its binding deleted": async (fleet) => {
    const subject = `job-${randomUUID()}`;
    const binding = { issuer: fleet.boundIssuer, subject, name: "victim" };
    await first(fleet).operator.credentials.putBinding({
      binding: { ...binding, tenants: [TENANT], platform: false, scopes: ["check"] },
    });
    return {
      token: fleet.mintBound({ sub: subject }),
      revoke: async ({ operator }) => void (await operator.credentials.deleteBinding(binding)),
    };
  },
  "the API token revoked": async (fleet) => {
    const { secret, keyId } = await makeApiToken(fleet);
    return {
      token: secret,
      revoke: async ({ member }) => void (await member.credentials.revokeApiToken({ keyId })),
    };
  },
  "the API token rotated without overlap": async (fleet) => {
    const { secret, keyId } = await makeApiToken(fleet);
    return {
      token: secret,
      revoke: async ({ member }) => {
        const { token } = await member.credentials.rotateApiToken({ keyId });
        // Else the policy's most active ones would be reached in the end; the old one is refused by the rotation alone.
        void member.credentials.revokeApiToken({ keyId: token?.keyId ?? "" }).catch(() => undefined);
      },
    };
  },
  "its tenant suspended": async (fleet) => {
    const slug = `t-${randomUUID().slice(0, 8)}`;
    const { operator, address } = first(fleet);
    await operator.tenants.create({ slug });
    const admin = clientOf(address, fleet.mint({ tenant: slug }));
    await admin.schemas.write({ text: DOCUMENTS_SCHEMA });
    admin.close();
    return {
      token: fleet.mint({ tenant: slug }),
      revoke: async (node) => void (await node.operator.tenants.suspend({ slug })),
    };
  },
  "its OAuth client deleted": async (fleet) => {
    const { clientId, basic } = await makeClient(fleet, "client_credentials");
    const { access_token: token } = await post(first(fleet), "/oauth2/token", basic, {
      grant_type: "client_credentials",
    });
    return {
      token: String(token),
      revoke: async ({ member }) => void (await member.clients.deleteClient({ clientId })),
    };
  },
  "its refresh family revoked": async (fleet) => {
    const { basic } = await makeClient(fleet, EXCHANGE, "refresh_token");
    const subject = `person-${randomUUID()}`;
    await writeTuples(first(fleet).member, `+document:${TENANT}#viewer@user:${subject}`);
    const { access_token: token, refresh_token: family } = await post(first(fleet), "/oauth2/token", basic, {
      grant_type: EXCHANGE,
      subject_token: fleet.mintBound({ sub: subject }),
      subject_token_type: ACCESS_TOKEN,
    });
    return {
      token: String(token),
      revoke: async (node) => void (await post(node, "/oauth2/revoke", basic, { token: String(family) })),
    };
  },
};

function first({ nodes: [node] }: CredentialFleet): ServingNode {
  if (node === undefined) throw new Error("a fleet has nodes");
  return node;
}

async function makeApiToken(fleet: CredentialFleet): Promise<{ readonly secret: string; readonly keyId: string }> {
  const { secret, token } = await first(fleet).member.credentials.createApiToken({ name: "job", scopes: ["check"] });
  return { secret, keyId: token?.keyId ?? "" };
}

async function makeClient(fleet: CredentialFleet, ...grantTypes: readonly string[]) {
  const about = { name: "job", scopes: ["check"], grantTypes: [...grantTypes] };
  const { client, clientSecret } = await first(fleet).member.clients.createClient(about);
  const clientId = client?.clientId ?? "";
  return { clientId, basic: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` };
}

async function post(
  { httpUrl }: ServingNode,
  path: string,
  authorization: string,
  form: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${httpUrl}${path}`, {
    method: "POST",
    headers: { authorization },
    body: new URLSearchParams(form),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
}
