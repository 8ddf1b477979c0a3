import { setTimeout } from "node:timers/promises";
import {
  createRelataClient,
  Decision,
  type RelataClient,
  TupleUpdate_Operation,
} from "../../src/client/relata-client.ts";
import type { TupleKey } from "../../src/model/tuple.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import type { SoakTenant, SoakTenants } from "./soak-tenants.ts";

export interface LoadOptions {
  /** Of the gRPC port. */
  readonly address: string;
  readonly token: string;
  readonly tenants: SoakTenants;
  /** Expects one wrong answer, to see the soak fail. */
  readonly doctored: boolean;
  readonly stop: AbortSignal;
}

/** What has happened so far. */
export interface LoadCounts {
  checks: number;
  writes: number;
  /** Of small tenants, one after the other. */
  visits: number;
  readonly wrong: string[];
  readonly failures: string[];
}

const READERS = 8;
/** Asked of a small tenant, and of the big one before the next small one is visited. */
const QUESTIONS_A_VISIT = 4;
const WRITE_EVERY_MS = 20;

/** Readers that go from tenant to tenant, and a writer whose writes must not be missed; until `stop`. Nothing rejects: see `counts`. */
export function startLoad(options: LoadOptions): { readonly counts: LoadCounts; readonly ended: Promise<void> } {
  const counts: LoadCounts = { checks: 0, writes: 0, visits: 0, wrong: [], failures: [] };
  const { address, token, tenants, stop } = options;
  // grpc-js gives clients of one address one connection: only the tenant's name is each one's own.
  const clients = new Map<string, RelataClient>();
  const clientOf = ({ slug }: SoakTenant) => {
    const client = clients.get(slug) ?? createRelataClient({ address, token, tenant: slug });
    clients.set(slug, client);
    return client;
  };
  const parts: Parts = { counts, clientOf, tenants, stop, doctored: options.doctored };
  const running = Promise.all([...Array.from({ length: READERS }, () => read(parts)), write(parts)]);
  const ended = running.then(() => {
    for (const client of clients.values()) client.close();
  });
  return { counts, ended };
}

interface Parts {
  readonly counts: LoadCounts;
  readonly clientOf: (tenant: SoakTenant) => RelataClient;
  readonly tenants: SoakTenants;
  readonly stop: AbortSignal;
  readonly doctored: boolean;
}

async function read(parts: Parts): Promise<void> {
  const { counts, tenants, stop, doctored } = parts;
  const { big, small } = tenants;
  while (!stop.aborted) {
    const visit = counts.visits++;
    const tenant = small[visit % small.length] ?? big;
    for (let turn = 0; turn < QUESTIONS_A_VISIT; turn += 1) {
      const number = visit * QUESTIONS_A_VISIT + turn;
      const asked = tenant.work.question(number % 10_000);
      await check(parts, tenant, doctored && number === 0 ? { ...asked, allowed: !asked.allowed } : asked);
      await check(parts, big, big.work.question(number));
    }
  }
}

async function check(parts: Parts, tenant: SoakTenant, { question, allowed, kind }: KnownQuestion): Promise<void> {
  const { object, member, subject } = question;
  const what = `${tenant.slug}: ${object.type}:${object.id}#${member}@${subject.type}:${subject.id} (${kind})`;
  await compare(parts, what, allowed, () =>
    parts.clientOf(tenant).authorization.check({
      object,
      permission: member,
      subject: { object: { type: subject.type, id: subject.id }, relation: subject.relation },
    }),
  );
}

async function compare(
  { counts, stop }: Parts,
  what: string,
  allowed: boolean,
  ask: () => Promise<{ readonly decision: Decision }>,
): Promise<void> {
  try {
    const { decision } = await ask();
    counts.checks += 1;
    if (decision !== (allowed ? Decision.ALLOWED : Decision.DENIED))
      counts.wrong.push(`${what}: not ${allowed ? "allowed" : "denied"}`);
  } catch (error) {
    if (!stop.aborted) counts.failures.push(`${what}: ${String(error)}`);
  }
}

/** One tuple at a time comes and goes, in one tenant after the other; who brings the write's token sees what it left. */
async function write(parts: Parts): Promise<void> {
  const { counts, tenants, stop } = parts;
  const present = new Set<string>();
  for (let number = 0; !stop.aborted; number += 1) {
    const tenant = number % 4 === 0 ? tenants.big : (tenants.small[(number * 7) % tenants.small.length] ?? tenants.big);
    // Not a viewer: of a public document everybody is one, whoever is written.
    const tuple = { ...tenant.work.change(0), relation: "editor" };
    const was = present.has(tenant.slug);
    const operation = was ? TupleUpdate_Operation.DELETE : TupleUpdate_Operation.TOUCH;
    const client = parts.clientOf(tenant);
    try {
      const { consistencyToken } = await client.tuples.write({ updates: [{ operation, tuple: wireTuple(tuple) }] });
      counts.writes += 1;
      if (was) present.delete(tenant.slug);
      else present.add(tenant.slug);
      const consistency = { requirement: { case: "atLeastAsFresh", value: consistencyToken } } as const;
      const { object, subject } = wireTuple(tuple);
      const what = `${tenant.slug}: written editor of ${tuple.objectId}`;
      await compare(parts, what, !was, () =>
        client.authorization.check({ object, permission: tuple.relation, subject, consistency }),
      );
    } catch (error) {
      if (!stop.aborted) counts.failures.push(`write to ${tenant.slug}: ${String(error)}`);
    }
    await setTimeout(WRITE_EVERY_MS);
  }
}

function wireTuple({ objectType, objectId, relation, subjectType, subjectId, subjectRelation }: TupleKey) {
  return {
    object: { type: objectType, id: objectId },
    relation,
    subject: { object: { type: subjectType, id: subjectId }, relation: subjectRelation },
  };
}
