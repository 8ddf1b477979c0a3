import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { RelataClient } from "../../../src/client/relata-client.ts";
import { type RevocationFleet, TENANT } from "./node.ts";

/** A credential that every node lets in, and how it is taken away on one of them. */
export interface Victim {
  readonly token: string;
  /** Resolves when the node's answer is there. */
  revoke(operator: RelataClient): Promise<void>;
}

export type Way = (fleet: RevocationFleet) => Promise<Victim>;

/** Every way in which a credential ends before its time. */
export const WAYS: Readonly<Record<string, Way>> = {
  "its jti revoked": async (fleet) => {
    const tokenId = randomUUID();
    return {
      token: fleet.mint({ jti: tokenId, sub: `job-${tokenId}` }),
      revoke: async (operator) => {
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
      revoke: async (operator) => {
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
    await fleet.nodes[0]?.operator.credentials.putBinding({
      binding: { ...binding, tenants: [TENANT], platform: false, scopes: ["check"] },
    });
    return {
      token: fleet.mintBound({ sub: subject }),
      revoke: async (operator) => void (await operator.credentials.deleteBinding(binding)),
    };
  },
};
