import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RelataError } from "../../errors.ts";

export interface MigrationFile {
  readonly version: number;
  /** `0001_tenant.sql` */
  readonly name: string;
  /** Its lines end in LF. */
  readonly sql: string;
  /** SHA-256 of `sql`, hex. */
  readonly checksum: string;
}

/** The project's own folder: three levels up from here, in src/ and in dist/ alike. */
export const MIGRATIONS_DIR = fileURLToPath(new URL("../../../migrations/", import.meta.url));

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** The migrations of `directory` in order, numbered 1, 2, 3 … without gaps. */
export async function readMigrationFiles(directory: string = MIGRATIONS_DIR): Promise<readonly MigrationFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const files = await Promise.all(names.map((name) => readMigrationFile(directory, name)));
  for (const [index, file] of files.entries()) {
    if (file.version !== index + 1) {
      throw new RelataError("STORE_UNFIT", `Migration ${file.name} in ${directory} should have number ${index + 1}.`);
    }
  }
  if (files.length === 0) throw new RelataError("STORE_UNFIT", `There are no migrations in ${directory}.`);
  return files;
}

async function readMigrationFile(directory: string, name: string): Promise<MigrationFile> {
  const number = FILE_NAME.exec(name)?.[1];
  if (number === undefined) {
    throw new RelataError("STORE_UNFIT", `Migration ${name} in ${directory} is not named like 0001_noun.sql.`);
  }
  // A checkout on Windows may end its lines in CRLF: the same migration all the same.
  const sql = (await readFile(join(directory, name), "utf8")).replaceAll("\r\n", "\n");
  const checksum = createHash("sha256").update(sql).digest("hex");
  return { version: Number(number), name, sql, checksum };
}
