import { scatter } from "./arithmetic.ts";

/** Users from `start` on, around and around, and everybody of the groups within. */
interface WideGroup {
  readonly size: number;
  readonly start: number;
  readonly within: readonly number[];
}

/** Groups of which each is a range of users' numbers: who is in which is a subtraction. */
export interface WideGroups {
  /** Group 0 is the widest and holds users 0 to its size. */
  readonly groups: readonly WideGroup[];
  /** Four times as many as the widest group has: most are in no group that one asks about. */
  readonly users: number;
  /** Members and groups within groups. */
  readonly tuples: number;
  member(group: number, number: number): number;
  holds(group: number, user: number): boolean;
}

/** Of the widest group; beyond, there are more groups instead. */
const WIDEST = 1_000_000;
/** The groups of one cycle halve: 1/2, 1/4 … 1/64 of the widest that fits. */
const HALVINGS = 6;

/**
 * Nine tenths of the tuples, but no more than WIDEST, are members of group 0; others are in groups of halving sizes. Group 1 holds
 * group 0 and group 2, group 3 holds group 4, group 5 group 6, and so on.
 */
export function wideGroups(tuples: number): WideGroups {
  const widest = Math.min(WIDEST, Math.floor(tuples * 0.9));
  const users = 4 * widest;
  const sizes = [widest, ...halvingSizes(Math.floor(tuples * 0.95) - widest, widest)];
  const groups = sizes.map((size, group) => ({
    size,
    start: group === 0 ? 0 : scatter(group, 301, users),
    within: [...(group === 1 ? [0] : []), ...(group % 2 === 1 && group + 1 < sizes.length ? [group + 1] : [])],
  }));
  const holds = (group: number, user: number): boolean => {
    const { start, size, within } = groups[group] as WideGroup;
    return (user - start + users) % users < size || within.some((inner) => holds(inner, user));
  };
  return {
    groups,
    users,
    tuples: groups.reduce((sum, { size, within }) => sum + size + within.length, 0),
    member: (group, number) => ((groups[group] as WideGroup).start + number) % users,
    holds,
  };
}

function halvingSizes(members: number, widest: number): readonly number[] {
  const base = Math.min(members, widest);
  const sizes: number[] = [];
  for (let left = members; left > 0; ) {
    const size = Math.min(left, Math.max(1, base >> (1 + (sizes.length % HALVINGS))));
    sizes.push(size);
    left -= size;
  }
  return sizes;
}
