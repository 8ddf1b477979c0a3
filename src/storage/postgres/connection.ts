import pg from "pg";

export interface ConnectionOptions {
  /** Where and as whom; `connectionString` for a URL. The role must not own or bypass anything: see boot-check.ts. */
  readonly connection: pg.ClientConfig;
  /** A statement that takes longer is cancelled by the server: DEADLINE_EXCEEDED. */
  readonly statementTimeoutMs: number;
  /** A connection that cannot be made or had within this time: STORE_UNAVAILABLE. */
  readonly connectTimeoutMs: number;
}

/** int8 as a number; every other type as pg reads it by default. */
const INT8_OID = 20;
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") =>
    oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig["getTypeParser"],
};

/** After the server's own timeout, a silent connection (cable cut, host frozen) is given up this much later. */
const SILENCE_GRACE_MS = 5_000;

/** All connections of the store. Pipelined: statements are sent without waiting for the answers of earlier ones. */
export function clientConfig(options: ConnectionOptions): pg.ClientConfig {
  return {
    application_name: "relata",
    ...options.connection,
    pipeline: true,
    keepAlive: true,
    types: TYPES,
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.statementTimeoutMs + SILENCE_GRACE_MS,
  };
}
