import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ClientConfig } from "pg";
import { CheckRequestSchema, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { type Child, startChild } from "../load/child.ts";
import type { HeaderField } from "../load/hpack-encoder.ts";
import type { LoadQuestion, LoadResult } from "../load/load.ts";
import type { LoadOrder } from "../load/load-process.ts";
import { median, medianRatio } from "../load/median.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import { ECHO_PATH } from "./echo.ts";
import type { ServerOrder, ServerSight } from "./server-process.ts";

export interface RpcOptions {
  /** As the application role, to a database that has the tenant and its tuples. */
  readonly connection: ClientConfig;
  readonly issuer: TrustedIssuer;
  /** Of that issuer, for a caller in the tenant who may check. */
  readonly token: string;
  readonly questions: readonly KnownQuestion[];
  readonly rounds: number;
  readonly roundMs: number;
  /** The server that answers from memory, over what it has by default. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** One that answers every question from the database; without it there is no `resident_vs_sql`. */
  readonly sqlSettings?: Readonly<Record<string, unknown>>;
  readonly connections?: number;
  readonly inFlight?: number;
  /** A CPU profile of the server while it is asked this: `echo`, `authenticatedEcho` or `check`. */
  readonly profile?: { readonly lane: string; readonly file: string };
  readonly print?: (line: string) => void;
}

/** Medians over the rounds. */
export interface MethodFigures {
  readonly callsPerSecond: number;
  readonly serverCpuMicros: number;
  readonly clientCpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly calls: number;
  readonly wrong: number;
}

export interface RpcResult {
  readonly methods: Readonly<Record<string, MethodFigures>>;
  /** Checks that begin when they are due, at half of what the closed loop reached. */
  readonly openLoop: {
    readonly ratePerSecond: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly p999Ms: number;
  };
  /** Each the median of the ratios within a round. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly wrong: number;
}

type Server = Child<ServerOrder, ServerSight>;
type Load = Child<LoadOrder, LoadResult | undefined>;

const CONNECTIONS = 4;
const IN_FLIGHT = 64;
const WARM_CALLS = 20_000;
const MAX_WARM_ROUNDS = 6;
const SETTLING_MS = 500;
const LOADED_MS = 300_000;
/** Beyond a round's own time: whatever was under way has long been answered, or never will be. */
const STALLED_MS = 60_000;
export const CHECK_PATH = "/relata.v1.AuthorizationService/Check";

/**
 * Checks over gRPC against an empty method on the same server, in rounds that take turns, so that both meet the same machine.
 * Every answer is compared with the one that is known to be right.
 */
export async function runRpcLayer(options: RpcOptions): Promise<RpcResult> {
  await using stack = new AsyncDisposableStack();
  const logs = await mkdtemp(join(tmpdir(), "relata-rpc-"));
  stack.defer(() => rm(logs, { recursive: true, force: true }));
  const load: Load = startChild(join(import.meta.dirname, "../load/load-process.ts"));
  stack.defer(() => load.close());
  await load.ask({ what: "learn", set: "checks", questions: options.questions.map(loadQuestion) });
  await load.ask({ what: "learn", set: "empty", questions: [{ message: new Uint8Array(), answer: new Uint8Array() }] });
  const start = async (name: string, settings: Readonly<Record<string, unknown>> = {}) => {
    // A line per call, as in production: into a file.
    const log = await open(join(logs, name), "w");
    stack.defer(() => log.close());
    const server: Server = startChild(join(import.meta.dirname, "server-process.ts"), { stdout: log.fd });
    stack.defer(() => server.close());
    const { connection, issuer } = options;
    const sight = await server.ask({ what: "start", connection, settings: { ...settings, issuers: [issuer] } });
    return { server, sight };
  };
  const bench = new RpcBench(load, options);
  const memory = await start("memory", options.settings);
  const sql = options.sqlSettings === undefined ? undefined : await start("sql", options.sqlSettings);
  const lanes: Lane[] = [
    { name: "echo", ...memory, port: memory.sight.grpcPort, path: ECHO_PATH, set: "empty", proved: false },
    { name: "authenticatedEcho", ...memory, port: memory.sight.echoPort, path: CHECK_PATH, set: "empty", proved: true },
    {
      name: "check",
      ...memory,
      port: memory.sight.grpcPort,
      path: CHECK_PATH,
      set: "checks",
      proved: true,
      resident: true,
    },
    ...(sql === undefined
      ? []
      : [{ name: "checkBySql", ...sql, port: sql.sight.grpcPort, path: CHECK_PATH, set: "checks", proved: true }]),
  ];
  // Awaited here: what it asks is closed behind it.
  return await bench.run(lanes);
}

interface Lane {
  readonly name: string;
  readonly server: Server;
  readonly port: number;
  readonly path: string;
  readonly set: string;
  readonly proved: boolean;
  /** Answered from memory. */
  readonly resident?: boolean;
}

interface Round extends LoadResult {
  readonly serverCpuMicros: number;
}

class RpcBench {
  readonly #load: Load;
  readonly #options: RpcOptions;
  readonly #print: (line: string) => void;
  readonly #rounds = new Map<string, Round[]>();

  constructor(load: Load, options: RpcOptions) {
    this.#load = load;
    this.#options = options;
    this.#print = options.print ?? (() => undefined);
  }

  async run(lanes: readonly Lane[]): Promise<RpcResult> {
    const { rounds, roundMs } = this.#options;
    for (const lane of lanes) {
      if (lane.resident) await this.#settle(lane);
      await this.#warm(lane);
    }
    for (let round = 0; round < rounds; round++)
      for (const lane of lanes) {
        const found = await this.#round(lane, roundMs);
        this.#rounds.set(lane.name, [...(this.#rounds.get(lane.name) ?? []), found]);
      }
    await this.#profile(lanes);
    const check = lanes.find(({ name }) => name === "check") as Lane;
    const ratePerSecond = Math.round(this.#figures("check").callsPerSecond / 2);
    const { p50Ms, p99Ms, p999Ms } = await this.#round(check, roundMs, ratePerSecond);
    const methods = Object.fromEntries(lanes.map(({ name }) => [name, this.#figures(name)]));
    const wrong = Object.values(methods).reduce((sum, figures) => sum + figures.wrong, 0);
    return { methods, openLoop: { ratePerSecond, p50Ms, p99Ms, p999Ms }, ratios: this.#ratios(), wrong };
  }

  /** Compiled code, filled caches, a tenant in memory: on a busy machine that takes calls, not time. */
  async #warm(lane: Lane): Promise<void> {
    let calls = 0;
    for (let round = 0; round < MAX_WARM_ROUNDS && calls < WARM_CALLS; round++)
      calls += (await this.#round(lane, this.#options.roundMs)).calls;
  }

  /** Asks until the tenant is in memory: what is measured as such must be. */
  async #settle(lane: Lane): Promise<void> {
    const untilMs = performance.now() + LOADED_MS;
    while (!(await lane.server.ask({ what: "look" })).resident) {
      if (performance.now() > untilMs) throw new Error(`the tenant is not in memory after ${LOADED_MS / 1000} s`);
      await this.#round(lane, SETTLING_MS);
    }
  }

  async #profile(lanes: readonly Lane[]): Promise<void> {
    const { profile, roundMs } = this.#options;
    const lane = lanes.find(({ name }) => name === profile?.lane);
    if (profile === undefined || lane === undefined) return;
    await lane.server.ask({ what: "profile" });
    await this.#round(lane, roundMs);
    await lane.server.ask({ what: "profile", file: profile.file });
  }

  async #round(lane: Lane, durationMs: number, ratePerSecond?: number): Promise<Round> {
    const { connections = CONNECTIONS, inFlight = IN_FLIGHT, token } = this.#options;
    const { name, server, port, path, set, proved } = lane;
    const before = await server.ask({ what: "look" });
    const rate = ratePerSecond === undefined ? {} : { ratePerSecond };
    const headers = headersOf(path, port, proved ? token : undefined);
    const order = { what: "run", set, port, headers, connections, inFlight, durationMs, ...rate } as const;
    const found = await this.#load.ask(order, durationMs + STALLED_MS);
    const after = await server.ask({ what: "look" });
    if (found === undefined) throw new Error("a load without a result");
    if (found.wrong === found.calls) throw new Error(`${name}: not one of ${found.calls} answers was right`);
    const round = { ...found, serverCpuMicros: (after.cpuMicros - before.cpuMicros) / found.calls };
    this.#print(
      `${name.padEnd(18)} ${found.callsPerSecond.toFixed(0).padStart(7)} calls/s, ` +
        `server ${round.serverCpuMicros.toFixed(1)} µs, client ${found.clientCpuMicros.toFixed(1)} µs of CPU a call, ` +
        `p50 ${found.p50Ms.toFixed(2)} ms, p99 ${found.p99Ms.toFixed(2)} ms, ${found.wrong} wrong` +
        `${ratePerSecond === undefined ? "" : ` (${ratePerSecond} a second)`}`,
    );
    return round;
  }

  #of(name: string): readonly Round[] {
    return this.#rounds.get(name) ?? [];
  }

  #figures(name: string): MethodFigures {
    const rounds = this.#of(name);
    const of = (pick: (round: Round) => number) => median(rounds.map(pick));
    return {
      callsPerSecond: of((round) => round.callsPerSecond),
      serverCpuMicros: of((round) => round.serverCpuMicros),
      clientCpuMicros: of((round) => round.clientCpuMicros),
      p50Ms: of((round) => round.p50Ms),
      p99Ms: of((round) => round.p99Ms),
      calls: rounds.reduce((sum, { calls }) => sum + calls, 0),
      wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
    };
  }

  /** By throughput, which is what counts, and by CPU time, which other programs on the machine disturb less. */
  #ratios(): Readonly<Record<string, number>> {
    const throughput = (a: string, b: string) => medianRatio(this.#of(a), this.#of(b), (round) => round.callsPerSecond);
    const cpu = (a: string, b: string) => medianRatio(this.#of(b), this.#of(a), (round) => round.serverCpuMicros);
    return {
      check_vs_echo: throughput("check", "echo"),
      check_vs_authenticated_echo: throughput("check", "authenticatedEcho"),
      check_vs_echo_cpu: cpu("check", "echo"),
      check_vs_authenticated_echo_cpu: cpu("check", "authenticatedEcho"),
      ...(this.#of("checkBySql").length > 0 && {
        resident_vs_sql: throughput("check", "checkBySql"),
        resident_vs_sql_cpu: cpu("check", "checkBySql"),
      }),
    };
  }
}

/** Of one unary call. */
export function headersOf(path: string, port: number, token: string | undefined): readonly HeaderField[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", `127.0.0.1:${port}`],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ["user-agent", "relata-bench"],
    ...(token === undefined ? [] : [["authorization", `Bearer ${token}`] as const]),
  ];
}

/** A question of a workload as the load generator has it. */
export function loadQuestion({ question: { object, member, subject }, allowed }: KnownQuestion): LoadQuestion {
  const { type, id, relation } = subject;
  const request = create(CheckRequestSchema, {
    object,
    permission: member,
    subject: { object: { type, id }, relation },
  });
  // The first field of the answer is its decision; what follows, the consistency token, grows with the tenant.
  const decision = allowed ? Decision.ALLOWED : Decision.DENIED;
  return { message: toBinary(CheckRequestSchema, request), answer: Uint8Array.of(0x08, decision) };
}
