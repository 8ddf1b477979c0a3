import type pg from "pg";
import { inject } from "vitest";
import { ROLES } from "../../src/storage/postgres/roles.ts";
import type { TestDatabase } from "./postgres.ts";
import { withClient } from "./postgres-template.ts";

/** Ends every connection to the database, and refuses new ones until `endOutage`. */
export function beginOutage({ name }: TestDatabase): Promise<void> {
  return asAdmin(async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await endConnections(client, name);
  });
}

export function endOutage({ name }: TestDatabase): Promise<void> {
  return asAdmin(async (client) => void (await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)));
}

/** Copies the database, with nobody connected meanwhile. The result puts the copy in its place, once: all that came later is gone. */
export function backUp({ name }: TestDatabase): Promise<() => Promise<void>> {
  const copy = `${name}_backup`;
  const create = (made: string, from: string) =>
    `CREATE DATABASE ${made} TEMPLATE ${from} OWNER ${ROLES.owner} STRATEGY file_copy`;
  return asAdmin(async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await endConnections(client, name);
    await client.query(create(copy, name));
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    return () =>
      asAdmin(async (restoring) => {
        await restoring.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await restoring.query(create(name, copy));
        await restoring.query(`DROP DATABASE ${copy}`);
      });
  });
}

/** Resolves when they are gone: one that was told to end may still finish what it is at. */
async function endConnections(client: pg.Client, name: string): Promise<void> {
  await client.query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", [name]);
}

function asAdmin<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(inject("testCluster").admin, use);
}
