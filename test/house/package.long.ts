import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../e2e/dev-process.ts";
import { createTempDir, type TempDir } from "../support/temp-dir.ts";

const run = promisify(execFile);
/** A user's, with Node 24 first. What Node and npm need to reach a registry (NODE_EXTRA_CA_CERTS, npm_config_…) stays. */
const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env["PATH"]}` };
for (const name of Object.keys(env))
  if (/^(VITEST|RELATA_|NODE_ENV|NODE_OPTIONS|npm_(?!config_))/.test(name)) delete env[name];

/** The package as a user of it sees it: packed, installed elsewhere, no source and no development dependencies. */
describe("the published package", () => {
  let folder: TempDir;
  let project: string;
  beforeAll(async () => {
    folder = await createTempDir("disk");
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder.path], { cwd: ROOT, env });
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [
      { filename: string; files: { path: string }[] },
    ];
    project = join(folder.path, "project");
    await mkdir(project);
    await writeFile(join(project, "package.json"), '{ "name": "user", "private": true, "type": "module" }');
    const tarball = join(folder.path, packed.filename);
    await run("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", tarball], { cwd: project, env });
  }, 300_000);
  afterAll(() => folder[Symbol.asyncDispose]());

  async function relata(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("npx", ["--no-install", "relata", ...args], { cwd: project, env });
    return stdout;
  }

  it("knows its version", async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect((await relata("--version")).trim()).toBe(version);
  });

  it("validates a model of the user's", async () => {
    await cp(join(ROOT, "schema", "examples"), join(project, "models"), { recursive: true });
    expect(await relata("validate", "models/documents.yaml", "models/healthcare.yaml")).toContain("2 passed");
  });

  it("runs the demo: embedded PostgreSQL, migrations and the example are found", async () => {
    expect(await relata("demo")).toContain("every answer is right");
  }, 120_000);

  it("measures itself: the bench, its processes and its workload are found", async () => {
    expect(await relata("bench", "engine", "--quick", "--tuples", "2000", "--json", "bench.json")).toContain(
      "every one right",
    );
    const report = JSON.parse(await readFile(join(project, "bench.json"), "utf8")) as Record<string, unknown>;
    expect(report["bytes_per_tuple"]).toBeGreaterThan(0);
  }, 180_000);

  it("gives programs a client with types", async () => {
    const program = `import { CallError, createRelataClient, Decision } from "relata/client";
      const client = createRelataClient({ address: "127.0.0.1:1", token: "t", timeoutMs: 100 });
      const error = await client.authorization.check({}).catch((error) => error);
      client.close();
      console.log(error instanceof CallError, Decision.ALLOWED);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: project, env });
    expect(stdout.trim()).toBe("true 1");
    const types = await readFile(
      join(project, "node_modules", "relata", "dist", "client", "relata-client.d.ts"),
      "utf8",
    );
    expect(types).toContain("export declare function createRelataClient");
  });
});
