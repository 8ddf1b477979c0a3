import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where relata listens at the moment: a restarted one has another port. */
export interface Endpoint {
  readonly address: string;
  /** An access token per tenant. */
  readonly tokens: Readonly<Record<string, string>>;
}

export function publishEndpoint(directory: string, endpoint: Endpoint): void {
  const draft = join(directory, "endpoint.draft");
  writeFileSync(draft, JSON.stringify(endpoint));
  renameSync(draft, join(directory, "endpoint.json"));
}

export function readEndpoint(directory: string): Endpoint {
  return JSON.parse(readFileSync(join(directory, "endpoint.json"), "utf8")) as Endpoint;
}
