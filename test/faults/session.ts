import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { readEndpoint } from "./endpoint.ts";

/** Longer than relata and Postgres take to come back. */
const CALL_TIMEOUT_MS = 5_000;

/** A client that follows relata from port to port. */
export interface Session {
  client(): RelataClient;
  close(): void;
}

export function openSession(directory: string, tenant: string): Session {
  let current: { readonly address: string; readonly client: RelataClient } | undefined;
  return {
    client() {
      const { address } = readEndpoint(directory);
      if (current?.address !== address) {
        current?.client.close();
        const token = () => readEndpoint(directory).tokens[tenant] ?? "";
        current = { address, client: createRelataClient({ address, token, timeoutMs: CALL_TIMEOUT_MS }) };
      }
      return current.client;
    },
    close: () => current?.client.close(),
  };
}
