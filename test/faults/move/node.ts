import type { RelataClient } from "../../../src/client/relata-client.ts";
import type { TestServer } from "../../support/server.ts";

export interface Node {
  readonly name: string;
  /** Of the tenant, with every scope. */
  readonly client: RelataClient;
  readonly server: TestServer;
}
