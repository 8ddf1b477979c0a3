import { parseDocument } from "yaml";
import type { Tuple } from "../../src/model/tuple.ts";

/** One YAML file: `kubernetes/org.yaml` or `kubernetes/sig-network/teams.yaml`. */
export interface OrganizationFile {
  /** Relative to the folder of all organisations; the first part is the organisation's login. */
  readonly path: string;
  readonly text: string;
}

export interface Conversion {
  readonly tuples: readonly Tuple[];
  /** What is wrong with the files, each with its file; tuples are complete only when there is nothing. */
  readonly problems: readonly string[];
}

/** Of little power to much. */
const ROLES = ["read", "triage", "write", "maintain", "admin"] as const;

/** The base permissions GitHub knows, and the relation that carries each; `none` carries nothing. */
const BASE_RELATION: Readonly<Record<string, string | undefined>> = {
  none: undefined,
  read: "base_read",
  write: "base_write",
  admin: "base_admin",
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the YAML that peribolos keeps GitHub organisations in (`org.yaml` with admins, members and teams; `teams.yaml`
 * beside it) as the tuples of schema.zed. Pure: the files go in, tuples and problems come out.
 */
export function convertOrganizations(files: readonly OrganizationFile[]): Conversion {
  const tuples = new Map<string, Tuple>();
  const problems: string[] = [];
  const byOrganization = Map.groupBy(files, ({ path }) => path.split("/")[0] ?? "");
  for (const [login, own] of [...byOrganization].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const organization = new OrganizationReader(
      login.toLowerCase(),
      (tuple) => tuples.set(keyOf(tuple), tuple),
      problems,
    );
    // org.yaml first: it says who is a member, and only members may be in teams.
    const sorted = own.toSorted((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : 1));
    for (const file of sorted) organization.read(file);
    if (rankOf(sorted[0]?.path ?? "") !== 0) problems.push(`${login}: there is no ${login}/org.yaml`);
  }
  return { tuples: [...tuples.values()], problems };
}

function rankOf(path: string): number {
  return /^[^/]+\/org\.ya?ml$/.test(path) ? 0 : 1;
}

function keyOf({ objectType, objectId, relation, subjectType, subjectId }: Tuple): string {
  return `${objectType}:${objectId}#${relation}@${subjectType}:${subjectId}`;
}

/** One organisation's files, read one after another. */
class OrganizationReader {
  readonly #login: string;
  readonly #emit: (tuple: Tuple) => void;
  readonly #problems: string[];
  readonly #people = new Set<string>();
  readonly #teams = new Set<string>();

  constructor(login: string, emit: (tuple: Tuple) => void, problems: string[]) {
    this.#login = login;
    this.#emit = emit;
    this.#problems = problems;
  }

  read({ path, text }: OrganizationFile): void {
    const document = parseDocument(text);
    for (const error of document.errors) this.#problems.push(`${path}: ${error.message}`);
    if (document.errors.length > 0) return;
    const fields = fieldsOf(document.toJS());
    if (rankOf(path) === 0) this.#readOrganization(path, fields);
    this.#readTeams(path, fields["teams"], undefined);
  }

  #readOrganization(path: string, fields: Fields): void {
    for (const [list, relation] of [
      ["admins", "admin"],
      ["members", "direct_member"],
    ] as const) {
      for (const login of this.#logins(`${path}: ${list}`, fields[list])) {
        if (this.#people.has(login)) this.#problems.push(`${path}: ${list}: ${login} is listed twice`);
        this.#people.add(login);
        this.#tuple("organization", this.#login, relation, "user", login);
      }
    }
    const base = String(fields["default_repository_permission"] ?? "read");
    if (!Object.hasOwn(BASE_RELATION, base))
      this.#problems.push(`${path}: unknown default_repository_permission "${base}"`);
    const relation = BASE_RELATION[base];
    if (relation !== undefined)
      this.#tuple("organization", this.#login, relation, "organization", this.#login, "member");
    for (const name of Object.keys(fieldsOf(fields["repos"]))) this.#repository(name);
  }

  #readTeams(path: string, teams: unknown, parent: string | undefined): void {
    for (const [name, value] of Object.entries(fieldsOf(teams))) {
      const where = `${path}: team ${name}`;
      const id = `${this.#login}/${slugOf(name)}`;
      if (this.#teams.has(id)) this.#problems.push(`${where}: is there twice (${id})`);
      this.#teams.add(id);
      const team = fieldsOf(value);
      this.#tuple("team", id, "organization", "organization", this.#login);
      if (parent !== undefined) this.#tuple("team", parent, "child", "team", id);
      for (const [list, relation] of [
        ["maintainers", "maintainer"],
        ["members", "direct_member"],
      ] as const) {
        for (const login of this.#logins(`${where}: ${list}`, team[list])) {
          if (!this.#people.has(login)) this.#problems.push(`${where}: ${login} is not in the organisation`);
          this.#tuple("team", id, relation, "user", login);
        }
      }
      for (const [repository, role] of Object.entries(fieldsOf(team["repos"]))) this.#role(where, id, repository, role);
      this.#readTeams(path, team["teams"], id);
    }
  }

  #role(where: string, team: string, repository: string, role: unknown): void {
    if (!ROLES.some((known) => known === role)) {
      this.#problems.push(
        `${where}: repos: ${repository}: unknown role ${JSON.stringify(role)}; known are ${ROLES.join(", ")}`,
      );
      return;
    }
    const id = this.#repository(repository);
    this.#tuple("repository", id, `${String(role)}_role`, "team", team, "member");
  }

  /** A repository is known once anything names it, and belongs to the organisation. */
  #repository(name: string): string {
    const id = `${this.#login}/${name.toLowerCase()}`;
    this.#tuple("repository", id, "organization", "organization", this.#login);
    return id;
  }

  #logins(where: string, value: unknown): readonly string[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.#problems.push(`${where}: expected a list of logins`);
      return [];
    }
    return value.map((login: unknown) => String(login).toLowerCase());
  }

  #tuple(
    objectType: string,
    objectId: string,
    relation: string,
    subjectType: string,
    subjectId: string,
    subjectRelation = "",
  ): void {
    this.#emit({ objectType, objectId, relation, subjectType, subjectId, subjectRelation });
  }
}

/** GitHub's slug of a team's name. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_.-]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
