/** How to reach one database as one role: what `new pg.Client(…)` takes, and the same as a URL for settings. */
export interface PgConnection {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly url: string;
}

export function connectionTo(server: Omit<PgConnection, "url">): PgConnection {
  const { host, port, user, password, database } = server;
  const url = new URL(`postgresql://localhost:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  if (host.startsWith("/")) url.searchParams.set("host", host);
  else url.hostname = host;
  return { host, port, user, ...(password !== undefined && { password }), database, url: url.href };
}

/** The parts of `postgresql://user:password@host:port/database`. */
export function connectionFrom(text: string): PgConnection {
  const url = new URL(text);
  const password = decodeURIComponent(url.password);
  return connectionTo({
    host: url.searchParams.get("host") ?? url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username) || "postgres",
    ...(password !== "" && { password }),
    database: decodeURIComponent(url.pathname.slice(1)) || "postgres",
  });
}
