// Loads GitHub organisations kept as YAML into a tenant of relata:
//   node examples/github-organizations/load.ts FOLDER --token-file PATH [--server HOST:PORT] [--tenant SLUG]
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRelataClient } from "../../src/client/relata-client.ts";
import { convertOrganizations } from "./convert.ts";
import { readOrganizationFolder } from "./read-folder.ts";
import { syncOrganizations } from "./sync.ts";

const USAGE = "usage: load.ts FOLDER --token-file PATH [--server HOST:PORT] [--tenant SLUG]";

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      server: { type: "string", default: "localhost:50051" },
      "token-file": { type: "string" },
      tenant: { type: "string" },
    },
  });
  const [folder] = positionals;
  const tokenFile = values["token-file"];
  if (folder === undefined || tokenFile === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { tuples, problems } = convertOrganizations(readOrganizationFolder(folder));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0 || tuples.length === 0) {
    console.error(problems.length > 0 ? "nothing was loaded" : `no organisation found in ${folder}`);
    return 2;
  }
  const client = createRelataClient({
    address: values.server,
    token: () => readFileSync(tokenFile, "utf8").trim(),
    ...(values.tenant === undefined ? {} : { tenant: values.tenant }),
  });
  try {
    const schema = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "schema.zed"), "utf8");
    const onProgress = (done: number, total: number) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} changes${done === total ? "\n" : ""}`);
    };
    const { added, removed, unchanged } = await syncOrganizations(client, { schema, tuples, onProgress });
    console.log(`${tuples.length} tuples: ${added} added, ${removed} removed, ${unchanged} unchanged`);
    return 0;
  } finally {
    client.close();
  }
}
