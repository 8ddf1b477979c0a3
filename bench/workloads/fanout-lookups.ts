import { scatter } from "./arithmetic.ts";
import { type Drive, GUEST_DIGIT, IDLERS, KEPT_DIGIT, LEVELS } from "./fanout-drive.ts";
import type { KnownLookup } from "./workload.ts";

/** Lookups that have the same reason for what they find. */
interface Reach {
  readonly kind: string;
  readonly permission: "view" | "read";
  readonly resourceType: "document" | "folder";
  /** How many there are to ask for. */
  readonly people: number;
  user(person: number): string;
  results(person: number): readonly string[];
}

/** Asked in turn, from those who reach nothing to those who reach most; what the drive is too small for is left out. */
export function fanoutLookups(of: Drive, seed: number): (count: number) => readonly KnownLookup[] {
  const reaches = [...scatteredReaches(of), ...LEVELS.flatMap((level) => reachesOfLevel(of, level))];
  const asked = reaches.filter(({ people }) => people > 0);
  return (count) =>
    Array.from({ length: count }, (_, index) => {
      const { kind, permission, resourceType, people, user, results } = asked[index % asked.length] as Reach;
      const person = scatter(index, seed, people);
      const subject = { type: "user", id: user(person), relation: "" };
      return { kind, resourceType, permission, subject, results: results(person) };
    });
}

function scatteredReaches(of: Drive): readonly Reach[] {
  const documents = (numbers: readonly number[]) => numbers.map(of.document);
  const view = { permission: "view", resourceType: "document" } as const;
  return [
    { ...view, kind: "nothing: unknown", people: 1_000, user: (person) => `nobody-${person}`, results: () => [] },
    { ...view, kind: "nothing: a group without anything", people: IDLERS, user: of.idler, results: () => [] },
    {
      ...view,
      kind: "1 by name",
      people: of.documents / 10,
      user: (person) => of.guest(10 * person + GUEST_DIGIT),
      results: (person) => documents([10 * person + GUEST_DIGIT]),
    },
    {
      ...view,
      kind: "10 owned",
      people: of.documents / 10,
      user: of.owner,
      results: (person) => documents(of.ownedBy(person)),
    },
    {
      ...view,
      kind: "100 by ten groups",
      people: of.roamers,
      user: of.roamer,
      results: (person) => documents(of.roamedBy(person).flatMap((folder) => upTo(10, folder * 10))),
    },
  ];
}

function reachesOfLevel(of: Drive, level: number): readonly Reach[] {
  const size = 10 ** level;
  const within = (folder: number) => upTo(size, folder * size);
  const [all, most] = [size, size - size / 10].map((number) => number.toLocaleString("en-US"));
  const reader = (person: number) => of.reader(of.placeOf(level, person));
  const people = of.wholeFolders(level);
  return [
    {
      kind: `${all} in folders`,
      permission: "view",
      resourceType: "document",
      people,
      user: reader,
      results: (person) => within(person).map(of.document),
    },
    {
      kind: `${most} of ${all}, checked`,
      permission: "read",
      resourceType: "document",
      people,
      user: (person) => of.outsider(of.placeOf(level, person)),
      results: (person) =>
        within(person)
          .filter((document) => document % 10 !== KEPT_DIGIT)
          .map(of.document),
    },
    {
      kind: `folders of ${all}`,
      permission: "view",
      resourceType: "folder",
      people,
      user: reader,
      results: (person) =>
        LEVELS.slice(0, level).flatMap((below) => {
          const count = 10 ** (level - below);
          return upTo(count, person * count).map((folder) => of.folder(of.placeOf(below, folder)));
        }),
    },
  ];
}

function upTo(count: number, from: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
