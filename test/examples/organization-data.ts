import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertOrganizations } from "../../examples/github-organizations/convert.ts";
import { readOrganizationFolder } from "../../examples/github-organizations/read-folder.ts";
import { type SyncReport, syncOrganizations } from "../../examples/github-organizations/sync.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import type { Ask } from "./ask.ts";
import { askApi } from "./ask-api.ts";
import type { Comparison } from "./compare-organizations.ts";
import { type OrganizationReading, readAllOrganizations } from "./organization-reading.ts";

const project = join(import.meta.dirname, "..", "..");
const kubernetes = join(project, "..", "shared", "data", "kubernetes-org");
const sample = join(project, "examples", "github-organizations", "sample");
const schemaText = readFileSync(join(project, "examples", "github-organizations", "schema.zed"), "utf8");

/** The organisations of the Kubernetes project where they are at hand, else the sample; says which. */
export function organizationFolder(): string {
  if (existsSync(kubernetes)) return kubernetes;
  console.log(`${kubernetes} is missing: the sample organisations are used instead`);
  return sample;
}

export interface LoadedOrganizations {
  readonly ask: Ask;
  readonly readings: readonly OrganizationReading[];
  readonly everyone: ReadonlySet<string>;
  readonly report: SyncReport;
  /** Loads the same again. */
  reload(): Promise<SyncReport>;
  close(): Promise<void>;
}

/** A server on Postgres with a tenant that holds a folder's organisations, loaded through the API. */
export async function loadThroughApi(folder: string): Promise<LoadedOrganizations> {
  const server: TestServer = await startTestServer({ config: { logLevel: "warn" } });
  try {
    const { slug } = await server.createTenant();
    const client = server.client(slug);
    const { tuples, problems } = convertOrganizations(readOrganizationFolder(folder));
    if (problems.length > 0) throw new Error(problems.join("\n"));
    const reload = () => syncOrganizations(client, { schema: schemaText, tuples });
    const report = await reload();
    const readings = readAllOrganizations(folder);
    const everyone = new Set(readings.flatMap(({ people }) => [...people]));
    return {
      ask: askApi(client, report.consistencyToken),
      readings,
      everyone,
      report,
      reload,
      close: () => server.close(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** One line of counts. */
export function countsOf(tuples: number, { questions, allowed, disagreements, perSecond }: Comparison): string {
  return [
    `${tuples} tuples`,
    `${questions} questions`,
    `${allowed} allowed`,
    `${disagreements.length} disagreements`,
    `${perSecond} questions/s`,
  ].join(", ");
}
