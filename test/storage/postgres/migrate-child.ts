import { migrate } from "../../../src/storage/postgres/migrate.ts";

/** One of the racing processes: migrates the database given as JSON and prints what it applied. */
const { applied } = await migrate({ connection: JSON.parse(process.argv[2] ?? "{}") });
process.stdout.write(JSON.stringify({ applied }));
