import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openOpenFga } from "../../bench/peers/openfga.ts";
import type { LoadedPeer, Peer, PeerAddress } from "../../bench/peers/peer.ts";
import type { Workload } from "../../bench/workloads/workload.ts";
import { smallWorkload } from "./small-workload.ts";

/** What the adapter does with an OpenFGA: once with a real one, to record it, and with the recording ever after. */
export interface OpenFgaRun {
  /** How the server is started, beyond its addresses. */
  readonly flags: readonly string[];
  readonly token?: string;
  /** @returns what has to be the same at every run */
  run(address: PeerAddress): Promise<unknown>;
}

/** What ends of tuples are compared with. */
const NOW = Date.UTC(2026, 0, 1);
const WRONG_TOKEN = "not-the-key";
const RIGHT_TOKEN = "the-key";

const open = (address: PeerAddress): Promise<Peer> => openOpenFga(address, { clock: () => NOW });

export const OPENFGA_RUNS = {
  "load, check, remove": { flags: [], run: (address) => usual(address, DOCUMENTS) },
  "caveats and ends": { flags: [], run: (address) => usual(address, CAVEATS) },
  "two tenants, and ids that are translated": { flags: [], run: (address) => usual(address, TENANTS) },
  "a token": { flags: KEYS(), token: RIGHT_TOKEN, run: (address) => usual(address, GROUPS) },
  "no token": { flags: KEYS(), run: (address) => failure(open(address)) },
  "a wrong token": { flags: KEYS(), token: WRONG_TOKEN, run: (address) => failure(open(address)) },
  "a store that was left": {
    flags: [],
    async run(address) {
      await using peer = await open(address);
      await peer.load(GROUPS, () => undefined);
      return usual(address, GROUPS);
    },
  },
  "a model that is refused": { flags: [], run: (address) => refused(address, NO_ENTRY) },
  "a tuple that is refused": { flags: [], run: (address) => refused(address, TWICE) },
  "a server that takes few tuples at a time": {
    flags: ["--max-tuples-per-write=4"],
    run: (address) => usual(address, DOCUMENTS),
  },
  "a question that is too deep": { flags: ["--resolve-node-limit=3"], run: (address) => asking(address, DEEP) },
  "a caveat that lacks a parameter": { flags: [], run: (address) => asking(address, LACKING) },
} as const satisfies Readonly<Record<string, OpenFgaRun>>;

export type OpenFgaRunName = keyof typeof OPENFGA_RUNS;

function KEYS(): readonly string[] {
  return ["--authn-method=preshared", `--authn-preshared-keys=${RIGHT_TOKEN}`];
}

async function usual(address: PeerAddress, work: Workload): Promise<unknown> {
  await using peer = await open(address);
  const loaded = await peer.load(work, () => undefined);
  const found = {
    tuples: loaded.tuples,
    answers: await answers(loaded, work),
    atOnce: await answersAtOnce(loaded, work),
  };
  await loaded.remove();
  return found;
}

async function answers(loaded: LoadedPeer, work: Workload): Promise<readonly string[]> {
  const found: string[] = [];
  for (const asked of work.questions(100)) found.push(`${asked.kind}: ${await loaded.check(asked)}`);
  return found;
}

/** What the load generator would send, and whether the answers are what it would look for. */
async function answersAtOnce(loaded: LoadedPeer, work: Workload): Promise<readonly string[]> {
  const found: string[] = [];
  for (const consistency of ["minimize_latency", "fully_consistent"] as const) {
    const { host, port, requests, protocol } = loaded.target(work.questions(2), consistency);
    for (const { path, headers, body, answer } of requests) {
      if (answer.kind !== "field") throw new Error(`${answer.kind} is no field`);
      const sent = { method: "POST", headers: Object.fromEntries(headers), body: new Uint8Array(body) };
      const response = await fetch(`http://${host}:${port}${path}`, sent);
      const message = (await response.json()) as Record<string, unknown>;
      found.push(`${protocol} ${consistency}: ${response.status} ${message[answer.name] === answer.value}`);
    }
  }
  return found;
}

async function refused(address: PeerAddress, work: Workload): Promise<unknown> {
  await using peer = await open(address);
  return failure(peer.load(work, () => undefined));
}

async function asking(address: PeerAddress, work: Workload): Promise<unknown> {
  await using peer = await open(address);
  const loaded = await peer.load(work, () => undefined);
  const found = await failure(loaded.check(work.question(0)));
  await loaded.remove();
  return found;
}

async function failure(doing: Promise<unknown>): Promise<string> {
  const error: unknown = await doing.then(
    () => new Error("nothing failed"),
    (reason: unknown) => reason,
  );
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

const DOCUMENTS = smallWorkload({
  name: "documents",
  schema: readFileSync(join(import.meta.dirname, "../../schema/examples/documents.zed"), "utf8"),
  tuples: [
    "group:all#member@group:berlin#member",
    "group:berlin#member@user:ben",
    "folder:top#viewer@user:*",
    "folder:top#editor@group:all#member",
    "folder:sub#parent@folder:top",
    "document:plan#folder@folder:sub",
    "document:plan#owner@user:anne",
    "document:plan#blocked@user:mallory",
    "document:memo#viewer@user:carl",
  ],
  allowed: [
    "document:plan#manage@user:anne",
    "document:plan#edit@user:ben",
    "document:plan#view@user:nobody-special",
    "document:plan#edit@group:berlin#member",
    "document:memo#view@user:carl",
  ],
  denied: ["document:plan#view@user:mallory", "document:plan#edit@user:carl", "document:memo#view@user:anne"],
});

const CAVEATS = smallWorkload({
  name: "caveats",
  schema: `use expiration
    caveat from_network(ip ipaddress, networks list<string>) { networks.exists(network, ip.in_cidr(network)) }
    caveat within(amount int, most int) { amount <= most }
    definition user {}
    definition account {
      relation reader: user with from_network | user with expiration
      relation payer: user with within | user with within and expiration
      permission pay = payer
      permission read = reader + pay
    }`,
  tuples: [
    'account:1#reader@user:anne[from_network:{"networks":["10.0.0.0/8","192.168.1.0/24"]}]',
    "account:1#reader@user:ben[expiration:2026-01-01T00:00:00.001Z]",
    "account:1#reader@user:late[expiration:2026-01-01T00:00:00Z]",
    'account:2#payer@user:carl[within:{"most":100}]',
    'account:2#payer@user:dora[within:{"most":100}][expiration:2030-01-01T00:00:00Z]',
    'account:2#payer@user:late[within:{"most":100}][expiration:2020-01-01T00:00:00Z]',
  ],
  allowed: [
    ["account:1#read@user:anne", { ip: "10.1.2.3" }],
    "account:1#read@user:ben",
    ["account:2#read@user:carl", { amount: 100 }],
    ["account:2#pay@user:dora", { amount: 1, ip: "10.1.2.3" }],
  ],
  denied: [
    ["account:1#read@user:anne", { ip: "11.1.2.3" }],
    "account:1#read@user:late",
    ["account:2#read@user:carl", { amount: 101 }],
    ["account:2#pay@user:late", { amount: 1 }],
  ],
});

const GROUP = "definition user {}\ndefinition group {\n  relation member: user | group#member\n}\n";

const tenant = (group: string, user: string, other: string) => ({
  name: "tenants",
  schema: GROUP,
  tuples: [`group:${group}#member@user:${user}`, "group:outer#member@group:inner#member"],
  allowed: [`group:${group}#member@user:${user}`, "group:outer#member@group:inner#member"],
  denied: [`group:${group}#member@user:${other}`],
});
const TENANTS = smallWorkload(tenant("same", "a:b%3A", "a%3Ab:"), tenant("same", "a%3Ab:", "a:b%3A"));

const GROUPS = smallWorkload({
  name: "groups",
  schema: GROUP,
  tuples: ["group:a#member@user:anne"],
  allowed: ["group:a#member@user:anne"],
  denied: ["group:a#member@user:ben"],
});

const NO_ENTRY = smallWorkload({
  name: "no-entry",
  schema: "definition group {\n  relation member: group#member\n}\n",
  tuples: ["group:a#member@group:b#member"],
  allowed: [],
  denied: [],
});

const TWICE = smallWorkload({
  name: "twice",
  schema: GROUP,
  tuples: ["group:a#member@user:anne", "group:a#member@user:anne"],
  allowed: [],
  denied: [],
});

const DEEP = smallWorkload({
  name: "deep",
  schema: GROUP,
  tuples: [
    ...[1, 2, 3, 4, 5, 6].map((number) => `group:${number}#member@group:${number + 1}#member`),
    "group:7#member@user:anne",
  ],
  allowed: ["group:1#member@user:anne"],
  denied: [],
});

const LACKING = smallWorkload({
  name: "lacking",
  schema:
    "caveat within(amount int, most int) { amount <= most }\ndefinition user {}\ndefinition account {\n  relation payer: user with within\n}\n",
  tuples: ['account:1#payer@user:anne[within:{"most":100}]'],
  allowed: ["account:1#payer@user:anne"],
  denied: [],
});
