import { createRelataClient, type RelataClient } from "../../../src/client/relata-client.ts";
import type { TrustedIssuer } from "../../../src/model/trust.ts";
import type { TcpProxy } from "../../support/tcp-proxy.ts";

/** A node of a fleet, and who asks there. */
export interface ServingNode {
  readonly name: string;
  /** Of the gRPC port. */
  readonly address: string;
  readonly httpUrl: string;
  /** Bound to the platform. */
  readonly operator: RelataClient;
  /** In the tenant, with every scope. */
  readonly member: RelataClient;
}

/** A process that serves, and the network between it and the database. */
export interface RevocationNode extends ServingNode {
  readonly proxy: TcpProxy;
}

/** Nodes of one database, and what is needed to make credentials for them and take them away. */
export interface CredentialFleet<Node extends ServingNode = ServingNode> extends AsyncDisposable {
  readonly nodes: readonly Node[];
  /** What the nodes promise: no revoked credential is let in this long after the answer. */
  readonly boundMs: number;
  /** The exact `iss` of the tokens. */
  readonly issuer: string;
  /** Of the one whose subjects are let in by bindings alone. */
  readonly boundIssuer: string;
  /** A fresh token in the tenant. */
  mint(claims: Readonly<Record<string, unknown>>): string;
  /** A fresh token of the issuer that names no tenant. */
  mintBound(claims: Readonly<Record<string, unknown>>): string;
}

export interface RevocationFleet extends CredentialFleet<RevocationNode> {
  /** Kills the database as a power cut would. */
  crashDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  /** Kills a process that serves relata: PostgreSQL ends all others and starts again by itself. */
  killBackend(): Promise<void>;
  /** The result puts the database back to how it is now. It is stopped for either. */
  backUpDatabase(): Promise<() => Promise<void>>;
}

/** The one there is. */
export const TENANT = "acme";

/** Own tokens by client credentials, and by exchange for whoever may see the document that is called like the tenant. */
export function tokenServiceOf(exchanged: TrustedIssuer): object {
  const { issuer, profile, keys, algorithms, audiences } = exchanged;
  return {
    issuer: "https://auth.relata.test",
    audience: "relata",
    scopes: ["check"],
    exchange: {
      issuers: [{ issuer, profile, keys, algorithms, audiences }],
      membership: { object: "document:{tenant}", permission: "view", subject: "user:{sub}" },
      scopes: ["check"],
    },
  };
}

/** How long an answer may take before a caller gives up; longer than any bound here. */
const TIMEOUT_MS = 10_000;

export function clientOf(address: string, token: string): RelataClient {
  return createRelataClient({ address, token, timeoutMs: TIMEOUT_MS });
}

/** What hears hints, and nobody else, has sent this. */
export const LISTEN_MARKER = "LISTEN";

/** Hints are lost from now on, and nobody is told. */
export function loseHints({ nodes }: RevocationFleet): void {
  for (const { proxy } of nodes) proxy.freeze({ where: (link) => link.hasSent(LISTEN_MARKER), direction: "down" });
}

export function healNetwork({ nodes }: RevocationFleet): void {
  for (const { proxy } of nodes) proxy.thaw();
}
