import type { v1 } from "@authzed/authzed-node";
import { type PeerAddress, PeerError } from "./peer.ts";
import { formatPlace } from "./peer-address.ts";
import { portTrouble, probePort } from "./probe-port.ts";

/** The SDK's namespace: it is no dependency of the package, so it is loaded when somebody names such a peer. */
export type SpiceDbSdk = typeof v1;

export interface SpiceDbClient extends Disposable {
  readonly sdk: SpiceDbSdk;
  readonly calls: v1.ZedClientInterface;
  readonly address: PeerAddress;
}

/** gRPC's numbers. */
const CODE = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
};

export async function openClient(address: PeerAddress): Promise<SpiceDbClient> {
  const sdk = await loadSdk();
  const trouble = portTrouble(await probePort(address), "SpiceDB");
  if (trouble !== undefined) throw new PeerError(`${nameOf(address)}: ${trouble}`);
  const { INSECURE_PLAINTEXT_CREDENTIALS } = sdk.ClientSecurity;
  const calls = sdk.NewClient(address.token ?? "", formatPlace(address), INSECURE_PLAINTEXT_CREDENTIALS);
  return { sdk, calls, address, [Symbol.dispose]: () => calls.close() };
}

async function loadSdk(): Promise<SpiceDbSdk> {
  try {
    return (await import("@authzed/authzed-node")).v1;
  } catch (cause) {
    throw new PeerError(
      "SpiceDB is asked by its own client, which is not installed: npm install @authzed/authzed-node",
      {
        cause,
      },
    );
  }
}

export function nameOf(address: PeerAddress): string {
  return `SpiceDB at ${formatPlace(address)}`;
}

/** What a failed call means to whoever named the peer. @param doing such as `writing the schema` */
export function explain(error: unknown, address: PeerAddress, doing: string): PeerError {
  if (error instanceof PeerError) return error;
  const { code, details } = error as { readonly code?: number; readonly details?: string };
  const said = details ?? (error instanceof Error ? error.message : String(error));
  return new PeerError(`${nameOf(address)}, ${doing}: ${meaningOf(code, said, address.token)}`, { cause: error });
}

function meaningOf(code: number | undefined, said: string, token: string | undefined): string {
  switch (code) {
    case CODE.unauthenticated:
    case CODE.permissionDenied:
      return token === undefined
        ? `it asks for a token (${said}): add one, spicedb=HOST:PORT,TOKEN`
        : `it does not take the token (${said}): give the one it was started with (--grpc-preshared-key)`;
    case CODE.unimplemented:
      return `it speaks gRPC but is no SpiceDB, or one without this method (${said})`;
    case CODE.deadlineExceeded:
      return `it did not answer in time (${said})`;
    case CODE.unavailable:
      return `the connection broke (${said})`;
    case CODE.invalidArgument:
      return `it refuses what it was sent: ${said}`;
    default:
      return said;
  }
}

export function isUnimplemented(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === CODE.unimplemented;
}
