import { CallError } from "../client/call-error.ts";
import { type ClientTls, createRelataClient, type RelataClient } from "../client/relata-client.ts";
import { type Connection, type ConnectionOptions, resolveConnection } from "./connection.ts";
import type { ConnectionTls } from "./connection-tls.ts";
import type { CliContext } from "./context.ts";
import { isUnreachable, serverError } from "./server-error.ts";
import { whyUnreachable } from "./why-unreachable.ts";

/** A client as the flags say, for as long as `use` runs. What the server refuses is told with its address. */
export async function withClient<T>(
  context: CliContext,
  options: ConnectionOptions,
  use: (client: RelataClient, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await resolveConnection(context, options);
  const { server, token, tenant, timeoutMs } = connection;
  const tls = connection.tls === undefined ? false : clientTls(connection.tls);
  const client = createRelataClient({
    address: server,
    token,
    timeoutMs,
    tls,
    ...(tenant !== undefined && { tenant }),
  });
  try {
    return await use(client, connection);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const why = isUnreachable(error) ? await whyUnreachable(connection, context.now()) : undefined;
    throw serverError(error, connection, { nowMs: context.now(), why });
  } finally {
    client.close();
  }
}

function clientTls({ ca, identity }: ConnectionTls): ClientTls {
  return {
    ...(ca !== undefined && { rootCertificates: Buffer.from(ca.text) }),
    ...(identity !== undefined && {
      identity: { certificate: Buffer.from(identity.cert.text), privateKey: Buffer.from(identity.key.text) },
    }),
  };
}
