import { setTimeout as sleep } from "node:timers/promises";
import type { ProxyLink } from "../../support/tcp-proxy.ts";
import type { Random } from "../random.ts";
import { type Fleet, type FleetNode, MAX_STALENESS_MS, TAIL_MARKERS } from "./fleet.ts";
import { pick } from "./flips.ts";

/** Goes wrong for a while and is put right; what clients see of it is theirs to note. */
type Mishap = (fleet: Fleet, node: FleetNode, random: Random) => Promise<void>;

/** Long enough for answers from memory to become too old. */
const LONG_MS = 3 * MAX_STALENESS_MS;

export const MISHAPS = {
  "node killed": async (_, node, random) => {
    await node.kill();
    await sleep(random.below(LONG_MS));
    await node.start();
  },
  "node stopped": async (_, node, random) => {
    const { pid } = node.process();
    process.kill(pid, "SIGSTOP");
    await sleep(random.below(LONG_MS));
    process.kill(pid, "SIGCONT");
  },
  "tail frozen": (_, node, random) => freeze(node, random, isTail),
  "some connections frozen": (_, node, random) => {
    const odd = random.below(2);
    return freeze(node, random, (link) => link.id % 2 === odd);
  },
  "all connections frozen": (_, node, random) => freeze(node, random, () => true),
  "connections cut": async (_, node) => node.proxy.cut(),
  "tail cut": async (_, node) => node.proxy.cut(isTail),
  "slow network": async (_, node, random) => {
    node.proxy.delay(10 + random.below(MAX_STALENESS_MS / 2));
    await sleep(random.below(LONG_MS));
    node.proxy.delay(0);
  },
  "clock jumps": async (_, node, random) => {
    // By a part of the bound, where being a little too old would show, or by hours.
    const far = random.below(2) === 0 ? 2 * MAX_STALENESS_MS : 6 * 3_600_000;
    await node.setClock(random.below(2 * far) - far);
  },
  "Postgres restarted": async ({ database }) => {
    await database.stop();
    await database.start();
  },
  "Postgres killed": async ({ database }) => {
    await database.crash();
    await database.start();
  },
  "backend killed": ({ database }) => database.killBackend(),
} as const satisfies Record<string, Mishap>;

export type MishapName = keyof typeof MISHAPS;
export const MISHAP_NAMES = Object.keys(MISHAPS) as readonly MishapName[];

async function freeze(node: FleetNode, random: Random, where: (link: ProxyLink) => boolean): Promise<void> {
  node.proxy.freeze({ where, direction: pick(random, ["up", "down", "both"] as const) });
  await sleep(random.below(LONG_MS));
  // A frozen connection thaws, with all that was on its way, or dies.
  if (random.below(2) === 0) node.proxy.cut(where);
  node.proxy.thaw();
}

export function isTail(link: ProxyLink): boolean {
  return TAIL_MARKERS.some((marker) => link.hasSent(marker));
}
