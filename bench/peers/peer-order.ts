import type { Report } from "../report/report.ts";
import { WORKLOADS, type WorkloadName } from "../workloads/workloads.ts";
import type { PeerAddress, PeerConsistency } from "./peer.ts";
import { formatPlace, parsePeer } from "./peer-address.ts";

/** Which peers are compared with, and by how much. */
export interface PeerOrder {
  readonly addresses: readonly PeerAddress[];
  /** Of each workload, about. */
  readonly tuples: number;
  readonly workloads: readonly WorkloadName[];
  /** Asked by the peer's own client before anything is timed. */
  readonly checked: number;
  readonly consistencies: readonly PeerConsistency[];
  readonly rounds: number;
  /** Of the open loop. */
  readonly openRounds: number;
}

/** As typed. */
export interface PeerValues {
  readonly peer?: readonly string[] | undefined;
  readonly "peer-tuples"?: string | undefined;
  readonly "peer-workloads"?: string | undefined;
  readonly "peer-consistent"?: boolean | undefined;
}

type Mode = Report["mode"];

const AMOUNTS = {
  quick: { tuples: 20_000, checked: 500, rounds: 3, openRounds: 2 },
  normal: { tuples: 100_000, checked: 2_000, rounds: 5, openRounds: 3 },
  long: { tuples: 1_000_000, checked: 2_000, rounds: 7, openRounds: 5 },
} as const satisfies Readonly<Record<Mode, unknown>>;

/** What those who choose between such services ask first; one that is not there is left out. */
const USUAL: readonly string[] = ["documents", "code", "wide", "exclusion", "caveats"];
const NAMES = Object.keys(WORKLOADS) as WorkloadName[];
const LEAST_TUPLES = 1_000;

/** @returns undefined when no peer was named @throws RangeError that says what is wrong */
export function readPeerOrder(values: PeerValues, mode: Mode): PeerOrder | undefined {
  const addresses = (values.peer ?? []).map(parsePeer);
  const { "peer-tuples": tuples, "peer-workloads": workloads, "peer-consistent": consistent = false } = values;
  if (addresses.length === 0) {
    const alone = [tuples && "--peer-tuples", workloads && "--peer-workloads", consistent && "--peer-consistent"].find(
      Boolean,
    );
    if (alone) throw new RangeError(`${alone} needs a --peer`);
    return undefined;
  }
  const twice = addresses.find(({ name }, index) => addresses.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined)
    throw new RangeError(`--peer ${twice.name} is named twice; one of each kind is compared with`);
  return {
    ...AMOUNTS[mode],
    addresses,
    ...(tuples !== undefined && { tuples: countOf(tuples) }),
    workloads: workloads === undefined ? NAMES.filter((name) => USUAL.includes(name)) : namesOf(workloads),
    consistencies: consistent ? ["minimize_latency", "fully_consistent"] : ["minimize_latency"],
  };
}

function countOf(text: string): number {
  const count = Number(text.replaceAll("_", ""));
  if (!(Number.isSafeInteger(count) && count >= LEAST_TUPLES))
    throw new RangeError(`--peer-tuples is a whole number from ${LEAST_TUPLES} on, not ${text}`);
  return count;
}

function namesOf(text: string): readonly WorkloadName[] {
  return text.split(",").map((given) => {
    const name = NAMES.find((one) => one === given);
    if (name === undefined)
      throw new RangeError(`--peer-workloads: there is no ${given}; there are ${NAMES.join(", ")}`);
    return name;
  });
}

/** For a report: without tokens. */
export function settingsOfPeers({ addresses, ...rest }: PeerOrder) {
  return { ...rest, addresses: addresses.map((address) => `${address.name}=${formatPlace(address)}`) };
}
