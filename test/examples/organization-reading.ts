import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/**
 * Who has which role on which repository, read straight from the YAML into sets and written without a look at the
 * example's own conversion. It walks the other way round: roles are handed down from a team to its children, where the
 * example lets people count as members of the teams above.
 */
export interface OrganizationReading {
  readonly organization: string;
  /** Logins in lower case. */
  readonly people: ReadonlySet<string>;
  /** By repository (`organization/name`), by role. */
  readonly holders: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;
}

const RANKED = ["read", "triage", "write", "maintain", "admin"];

interface Org {
  readonly admins?: readonly string[];
  readonly members?: readonly string[];
  readonly default_repository_permission?: string;
  readonly teams?: Teams;
}
type Teams = Readonly<Record<string, Team>>;
interface Team {
  readonly maintainers?: readonly string[];
  readonly members?: readonly string[];
  readonly repos?: Readonly<Record<string, string>>;
  readonly teams?: Teams;
}

export function readAllOrganizations(folder: string): readonly OrganizationReading[] {
  return readdirSync(folder)
    .toSorted()
    .filter((name) => existsSync(join(folder, name, "org.yaml")))
    .map((name) => readOrganization(folder, name));
}

function readOrganization(folder: string, name: string): OrganizationReading {
  const org = parse(readFileSync(join(folder, name, "org.yaml"), "utf8")) as Org;
  const roots: Teams[] = org.teams === undefined ? [] : [org.teams];
  for (const entry of readdirSync(join(folder, name), { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith("teams.yaml")) continue;
    roots.push((parse(readFileSync(join(folder, name, entry), "utf8")) as { teams: Teams }).teams);
  }
  const holders = new Map<string, Map<string, Set<string>>>();
  const give = (repository: string, role: string, logins: readonly string[]): void => {
    const roles = holders.get(repository) ?? new Map(RANKED.map((ranked) => [ranked, new Set<string>()]));
    holders.set(repository, roles);
    // Whoever has a role has those below it.
    for (const lower of RANKED.slice(0, RANKED.indexOf(role) + 1)) {
      for (const login of logins) roles.get(lower)?.add(login.toLowerCase());
    }
  };
  const descend = (team: Team, handedDown: readonly (readonly [string, string])[]): void => {
    const own = Object.entries(team.repos ?? {}).map(([repository, role]) => [`${name}/${repository}`, role] as const);
    const all = [...handedDown, ...own];
    const logins = [...(team.maintainers ?? []), ...(team.members ?? [])];
    for (const [repository, role] of all) give(repository.toLowerCase(), role, logins);
    for (const child of Object.values(team.teams ?? {})) descend(child, all);
  };
  for (const root of roots) for (const team of Object.values(root)) descend(team, []);

  const admins = org.admins ?? [];
  const people = [...admins, ...(org.members ?? [])];
  const base = org.default_repository_permission ?? "read";
  for (const repository of holders.keys()) {
    give(repository, "admin", admins);
    if (base !== "none") give(repository, base, people);
  }
  return { organization: name.toLowerCase(), people: new Set(people.map((login) => login.toLowerCase())), holders };
}
