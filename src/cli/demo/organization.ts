import type { Tuple } from "../../model/tuple.ts";
import { parseTuple } from "../../model/tuple-text.ts";

/**
 * A made-up organisation for the schema documents.zed. Everything follows from numbers by arithmetic, so the right
 * answer to any question is known without looking at a tuple: that is what makes the demo a proof.
 */
const DEPARTMENTS = 20;
const TEAMS = 200;
const PEOPLE = 4_000;
const PROJECTS = 2_000;
const DOCUMENTS = 8_000;
/** Every 50th document lies in the public handbook instead of a project; every 10th keeps out somebody of its own team. */
const HANDBOOK_EVERY = 50;
const BLOCKED_EVERY = 10;

const teamOfPerson = (person: number) => person % TEAMS;
const departmentOfTeam = (team: number) => team % DEPARTMENTS;
const projectOf = (document: number) => document % PROJECTS;
const teamOfProject = (project: number) => project % TEAMS;
const ownerOf = (document: number) => (document * 7 + 3) % PEOPLE;
const isPublic = (document: number) => document % HANDBOOK_EVERY === 0;
const blockedOf = (document: number) =>
  document % BLOCKED_EVERY === 3
    ? teamOfProject(projectOf(document)) + TEAMS * (document % (PEOPLE / TEAMS))
    : undefined;

/** 23,443 tuples. */
export function* organizationTuples(): Generator<Tuple> {
  for (let person = 0; person < PEOPLE; person++)
    yield parseTuple(`group:team-${teamOfPerson(person)}#member@user:u${person}`);
  yield* [
    "folder:company#owner@user:chief",
    "folder:handbook#parent@folder:company",
    "folder:handbook#viewer@user:*",
  ].map(parseTuple);
  for (let department = 0; department < DEPARTMENTS; department++) {
    yield parseTuple(`folder:department-${department}#parent@folder:company`);
    yield parseTuple(`folder:department-${department}#viewer@group:department-${department}#member`);
  }
  for (let team = 0; team < TEAMS; team++) {
    const department = departmentOfTeam(team);
    yield parseTuple(`group:department-${department}#member@group:team-${team}#member`);
    yield parseTuple(`folder:team-${team}#parent@folder:department-${department}`);
    yield parseTuple(`folder:team-${team}#editor@group:team-${team}#member`);
  }
  for (let project = 0; project < PROJECTS; project++) {
    yield parseTuple(`folder:project-${project}#parent@folder:team-${teamOfProject(project)}`);
  }
  for (let document = 0; document < DOCUMENTS; document++) {
    const folder = isPublic(document) ? "handbook" : `project-${projectOf(document)}`;
    yield parseTuple(`document:d${document}#folder@folder:${folder}`);
    yield parseTuple(`document:d${document}#owner@user:u${ownerOf(document)}`);
    const blocked = blockedOf(document);
    if (blocked !== undefined) yield parseTuple(`document:d${document}#blocked@user:u${blocked}`);
  }
}

export type DemoPermission = "view" | "edit" | "manage" | "share";
const PERMISSIONS: readonly DemoPermission[] = ["view", "edit", "manage", "share"];

export interface DemoQuestion {
  readonly document: string;
  readonly permission: DemoPermission;
  readonly user: string;
  readonly allowed: boolean;
}

/** The chief owns the folder above all others; `undefined` is the chief, a number is a person. */
type Who = number | undefined;

function mayView(document: number, who: Who): boolean {
  if (who !== undefined && who === blockedOf(document)) return false;
  if (isPublic(document) || mayEdit(document, who)) return true;
  return who !== undefined && sameDepartment(document, who);
}

function mayEdit(document: number, who: Who): boolean {
  if (who !== undefined && who === blockedOf(document)) return false;
  if (mayManage(document, who)) return true;
  return who !== undefined && !isPublic(document) && teamOfPerson(who) === teamOfProject(projectOf(document));
}

function mayManage(document: number, who: Who): boolean {
  if (who !== undefined && who === blockedOf(document)) return false;
  return who === undefined || who === ownerOf(document);
}

function sameDepartment(document: number, person: number): boolean {
  return departmentOfTeam(teamOfPerson(person)) === departmentOfTeam(teamOfProject(projectOf(document)));
}

const ANSWERS = {
  view: mayView,
  edit: mayEdit,
  manage: mayManage,
  // Nobody is an editor of a single document here, so those who may share are those who manage.
  share: mayManage,
} as const satisfies Record<DemoPermission, (document: number, who: Who) => boolean>;

/** `count` questions, the same for the same seed: about the owner, a colleague, the department, the blocked, anybody. */
export function demoQuestions(count: number, seed: number): readonly DemoQuestion[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, index) => {
    const document = random(DOCUMENTS);
    const permission = PERMISSIONS[random(PERMISSIONS.length)] ?? "view";
    const who = pick(document, index, random);
    const user = who === undefined ? "chief" : `u${who}`;
    return { document: `d${document}`, permission, user, allowed: ANSWERS[permission](document, who) };
  });
}

function pick(document: number, index: number, random: (below: number) => number): Who {
  const team = teamOfProject(projectOf(document));
  const seat = TEAMS * random(PEOPLE / TEAMS);
  switch (index % 8) {
    case 0:
      return ownerOf(document);
    case 1:
      return undefined;
    case 2:
      return blockedOf(document) ?? team + seat;
    case 3:
    case 4:
      return team + seat;
    case 5:
      return ((team + DEPARTMENTS) % TEAMS) + seat;
    default:
      return random(PEOPLE);
  }
}

/** A small linear congruential generator (Numerical Recipes), so that every run asks the same. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
