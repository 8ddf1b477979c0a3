import {
  authorOf,
  bannedFrom,
  briefedByName,
  collectionOf,
  compartmentOf,
  curatorsOf,
  type Grants,
  guildOf,
  isDismissedByName,
  isIn,
  isSealed,
  isSworn,
  isUnderInquiry,
  isWatched,
  nextOf,
  parentOf,
  readersByName,
  readersOf,
  readingGroupOf,
  recusedOf,
  recusedTeamOf,
  revokedByName,
  revokedTeam,
  sectionOf,
} from "./exclusion-archive.ts";

/** What the numbers say of a person and a record of the same block: each operand of its permissions by itself. */
export interface Facts {
  readonly author: boolean;
  readonly named: boolean;
  readonly grouped: boolean;
  /** Reads the record's collection: steps up to what grants it. Undefined when nothing does. */
  readonly browsesFrom: number | undefined;
  /** Would read the collection, were it not for a ban so many steps up. Undefined when there is none in the way. */
  readonly bannedFrom: number | undefined;
  /** Let in again below a ban. */
  readonly readmitted: boolean;
  readonly briefedByName: boolean;
  readonly briefedByGroup: boolean;
  readonly sworn: boolean;
  readonly dismissed: "by name" | "by group" | "by group in group" | undefined;
  readonly revoked: "by name" | "by group" | undefined;
  /** In another compartment than the record's. */
  readonly revokedElsewhere: boolean;
  readonly recused: "by name" | "by group" | undefined;
  readonly curator: boolean;
  readonly sealed: boolean;
}

export function factsOf(record: number, person: number): Facts {
  const compartment = compartmentOf(record);
  const section = sectionOf(person);
  const group = readingGroupOf(record);
  const team = recusedTeamOf(record);
  return {
    author: person === authorOf(record),
    named: readersByName(record).includes(person),
    grouped: group !== undefined && isIn(person, group),
    ...browsing(collectionOf(record), person),
    briefedByName: briefedByName(compartment).includes(person),
    briefedByGroup:
      section === undefined ? guildOf(person) === compartment : [compartment, nextOf(compartment)].includes(section),
    sworn: isSworn(person),
    dismissed: dismissed(person),
    revoked: revoked(compartment, person),
    revokedElsewhere: [1, 2, 3, 4].some((other) => revoked((compartment + other) % 5, person) !== undefined),
    recused:
      person === recusedOf(record) ? "by name" : team !== undefined && isIn(person, team) ? "by group" : undefined,
    curator: curates(collectionOf(record), person),
    sealed: isSealed(record),
  };
}

function dismissed(person: number): Facts["dismissed"] {
  if (isDismissedByName(person)) return "by name";
  if (isUnderInquiry(person)) return "by group in group";
  return isWatched(person) ? "by group" : undefined;
}

function revoked(compartment: number, person: number): Facts["revoked"] {
  if (revokedByName(compartment).includes(person)) return "by name";
  return isIn(person, revokedTeam(compartment)) ? "by group" : undefined;
}

/** From the collection upwards: the first that says something decides. */
function browsing(
  collection: number | undefined,
  person: number,
): Pick<Facts, "browsesFrom" | "bannedFrom" | "readmitted"> {
  let bannedAt: number | undefined;
  let browsesFrom: number | undefined;
  for (let [at, steps] = [collection, 0]; at !== undefined; [at, steps] = [parentOf(at), steps + 1]) {
    const reads = holds(readersOf(at), person);
    const banned = holds(bannedFrom(at), person);
    if (browsesFrom === undefined && banned) bannedAt ??= steps;
    if (reads && bannedAt !== undefined) return { browsesFrom: undefined, bannedFrom: bannedAt, readmitted: false };
    if (browsesFrom !== undefined && banned) return { browsesFrom, bannedFrom: undefined, readmitted: true };
    if (reads) browsesFrom ??= steps;
  }
  return { browsesFrom, bannedFrom: undefined, readmitted: false };
}

function curates(collection: number | undefined, person: number): boolean {
  for (let at = collection; at !== undefined; at = parentOf(at)) if (holds(curatorsOf(at), person)) return true;
  return false;
}

function holds({ people, groups }: Grants, person: number): boolean {
  return people.includes(person) || groups.some((group) => isIn(person, group));
}
