import { tlsFilesOf } from "../../config/tls-files.ts";
import type { Config } from "../../config.ts";
import type { Logger } from "../../log.ts";
import { counter, gauge, type MetricSource } from "../../metrics.ts";
import { type ConnectionRoom, createConnectionRoom } from "./connection-room.ts";
import { type CallerOf, createCallerOf } from "./forwarded.ts";
import { openTls, type Tls } from "./tls.ts";

/** What both ports share of how connections come in. */
export interface Entrance {
  readonly tls: Tls | undefined;
  readonly room: ConnectionRoom;
  readonly callerOf: CallerOf;
  readonly collect: MetricSource;
  close(): void;
}

type EntranceSettings = Pick<
  Config,
  "tlsCertFile" | "tlsKeyFile" | "tlsClientCaFile" | "tlsClientAuth" | "trustedProxies" | "maxConnections"
>;

/** @throws INVALID_CONFIG when TLS files are not fit to start with */
export function openEntrance(settings: EntranceSettings, log: Logger): Entrance {
  const files = tlsFilesOf(settings);
  const tls = files && openTls(files, { log });
  const room = createConnectionRoom(settings.maxConnections);
  return {
    tls,
    room,
    callerOf: createCallerOf(settings.trustedProxies),
    collect: () => [
      gauge("relata_connections", "Open connections, both ports together.", room.open),
      counter("relata_connections_refused_total", "Connections for which there was no room.", room.refused),
      ...(tls?.collect() ?? []),
    ],
    close: () => tls?.close(),
  };
}
