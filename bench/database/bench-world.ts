import { type BenchTenant, makeTenant } from "./bench-tenant.ts";
import { type BenchDatabase, openDatabase } from "./open-database.ts";

export interface WorldOptions {
  /** Default: the bundled PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly tenantTuples: number;
  readonly print: (line: string) => void;
}

export const TENANT_SLUG = "bench";

/** The database that the layers share, made when the first of them asks for it. */
export class BenchWorld implements AsyncDisposable {
  readonly #options: WorldOptions;
  #database: Promise<BenchDatabase> | undefined;
  #tenant: Promise<BenchTenant> | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  database(): Promise<BenchDatabase> {
    this.#database ??= openDatabase(this.#options.databaseUrl);
    return this.#database;
  }

  /** With as many tuples as the options say. */
  tenant(): Promise<BenchTenant> {
    this.#tenant ??= this.#makeTenant();
    return this.#tenant;
  }

  async #makeTenant(): Promise<BenchTenant> {
    const { tenantTuples, print } = this.#options;
    const made = await makeTenant(await this.database(), TENANT_SLUG, tenantTuples);
    print(`database: ${made.work.tuples.toLocaleString("en-US")} tuples written in ${made.fillSeconds.toFixed(1)} s`);
    return made;
  }

  /** Undefined when no layer needed a database. */
  async postgresVersion(): Promise<string | undefined> {
    return (await this.#database)?.version;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#database)?.[Symbol.asyncDispose]();
  }
}
