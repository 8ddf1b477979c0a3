import { CallError } from "../client/call-error.ts";
import { createRelataClient, type RelataClient } from "../client/relata-client.ts";
import { type Connection, type ConnectionOptions, resolveConnection } from "./connection.ts";
import type { CliContext } from "./context.ts";
import { serverError } from "./server-error.ts";

/** A client as the flags say, for as long as `use` runs. What the server refuses is told with its address. */
export async function withClient<T>(
  context: CliContext,
  options: ConnectionOptions,
  use: (client: RelataClient, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await resolveConnection(context, options);
  const { server, token, tenant, timeoutMs } = connection;
  const client = createRelataClient({ address: server, token, timeoutMs, ...(tenant !== undefined && { tenant }) });
  try {
    return await use(client, connection);
  } catch (error) {
    throw error instanceof CallError ? serverError(error, connection) : error;
  } finally {
    client.close();
  }
}
