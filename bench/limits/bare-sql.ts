// What Postgres and its driver allow with nothing of relata around them: the same rows over the same socket, by statements that are
// prepared once, without a transaction, a scope or a check of anything.
import pg from "pg";
import type { Need } from "../../src/model/need.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";

export interface BareSql extends AsyncDisposable {
  /** The shortest exchange there is. */
  selectOne(): Promise<unknown>;
  /** One tuple by its primary key. @returns how many rows came */
  readTuple(key: Extract<Need, { readonly kind: "exact" }>): Promise<number>;
}

/** As many as the store shares among its short reads. */
const CONNECTIONS = 4;

/** @param connection as the application role @param connections statements in flight are spread over them and pipelined */
export async function openBareSql(
  connection: pg.ClientConfig,
  tenant: TenantPlace,
  connections = CONNECTIONS,
): Promise<BareSql> {
  const clients = Array.from({ length: connections }, () => new pg.Client({ ...connection, pipeline: true }));
  await Promise.all(clients.map((client) => client.connect()));
  await Promise.all(clients.map((client) => enterTenant(client, tenant)));
  let turn = 0;
  const next = () => clients[turn++ % clients.length] as pg.Client;
  return {
    selectOne: () => next().query({ name: "select_one", text: "SELECT 1", values: [] }),
    async readTuple(key) {
      const { rows } = await next().query({ name: "read_tuple", text: READ_TUPLE, values: [...valuesOf(tenant, key)] });
      return rows.length;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

/** Every tuple of a tenant in the order of its keys, thrown away as it comes. @returns how many bytes came */
export async function readAllBare(connection: pg.ClientConfig, { id, bucket }: TenantPlace): Promise<number> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await enterTenant(client, { id, bucket });
    await client.query("SET enable_sort = off; SET enable_bitmapscan = off");
    const copy = new DroppedCopy(`COPY (SELECT ${COLUMNS} FROM relata.tuple
      WHERE bucket = ${bucket} AND tenant_id = '${id}' AND deleted_rev = ${LIVE} ORDER BY ${KEY}) TO STDOUT (FORMAT binary)`);
    client.query(copy);
    return await copy.bytes;
  } finally {
    await client.end();
  }
}

const KEY = "object_type, object_id, relation, subject_type, subject_id, subject_relation";
const COLUMNS = `${KEY}, caveat, caveat_context, expires_at`;
const LIVE = "9223372036854775807";
const READ_TUPLE = `SELECT ${COLUMNS} FROM relata.tuple WHERE bucket = $1 AND tenant_id = $2 AND object_type = $3
  AND object_id = $4 AND relation = $5 AND subject_type = $6 AND subject_id = $7 AND subject_relation = $8 AND deleted_rev = ${LIVE}`;

function valuesOf({ bucket, id }: TenantPlace, key: Parameters<BareSql["readTuple"]>[0]): readonly (string | number)[] {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = key;
  return [bucket, id, objectType, objectId, relation, subjectType, subjectId, subjectRelation];
}

/** Row security shows a session this tenant's rows. */
function enterTenant(client: pg.Client, { id }: TenantPlace): Promise<unknown> {
  return client.query("SELECT set_config('relata.tenant_id', $1, false), set_config('jit', 'off', false)", [id]);
}

/** As src/storage/postgres/copy-out.ts, but nothing is looked at. */
class DroppedCopy implements pg.Submittable {
  readonly bytes: Promise<number>;
  readonly #text: string;
  #taken = 0;
  #resolve: (bytes: number) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
    this.bytes = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    (connection as unknown as { query(text: string): void }).query(this.#text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#taken += chunk.length;
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#resolve(this.#taken);
  }
}
