import { readFile } from "node:fs/promises";
import type { ClientConfig } from "pg";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { type Generator, startGenerator } from "../load/generator.ts";
import { median } from "../load/median.ts";
import { type SelfTime, topSelfTimes } from "../load/profile-summary.ts";
import type { LoadRequest, LoadTarget } from "../load/target.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import { type AskedRound, answersUnderLoad } from "./answers-under-load.ts";
import { type BenchServer, startBenchServer } from "./bench-server.ts";
import { bearer, CHECK_PATH, grpcCheck, grpcEcho, jsonCheck, jsonEcho } from "./check-requests.ts";
import { ECHO_PATH } from "./echo.ts";
import { askLane, type Lane, type Round, settleLane, warmLane } from "./lane.ts";
import { medians, ratioSamples } from "./ratios.ts";
import { runSweeps, type SweepAmounts, type Swept } from "./sweeps.ts";

export interface RpcOptions {
  /** As the application role, to a database that has the tenant and its tuples. */
  readonly connection: ClientConfig;
  readonly issuer: TrustedIssuer;
  /** Of that issuer, for a caller in the tenant who may check. */
  readonly token: string;
  readonly questions: readonly KnownQuestion[];
  readonly rounds: number;
  readonly roundMs: number;
  /** Before anything counts, of each lane; default 20,000. */
  readonly warmCalls?: number;
  /** The server that answers from memory, over what it has by default. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** One that answers every question from the database; without it there is no `resident_vs_sql`. */
  readonly sqlSettings?: Readonly<Record<string, unknown>>;
  /** A CPU profile of the server while it is asked this lane. */
  readonly profile?: { readonly lane: string; readonly file: string };
  readonly sweeps?: SweepAmounts;
  /** Default: all of them. */
  readonly lanes?: readonly string[];
  readonly print?: (line: string) => void;
}

/** Medians over the rounds. */
export interface MethodFigures {
  readonly callsPerSecond: number;
  readonly serverCpuMicros: number;
  readonly serverRssBytes: number;
  readonly clientCpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly calls: number;
  readonly wrong: number;
}

export interface RpcResult {
  readonly methods: Readonly<Record<string, MethodFigures>>;
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  readonly sweeps: Swept;
  /** Where the server's time went, if a profile was asked for. */
  readonly profile: readonly SelfTime[];
  /** Of each round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Each the median of the ratios within a round. */
  readonly ratios: Readonly<Record<string, number>>;
  /** All that was compared, warming up, sweeps and the profile included; the empty methods are not. */
  readonly compared: number;
  readonly wrong: readonly string[];
}

const EMPTY = { empty: true } as const;
const WARM_CALLS = 20_000;
/** 10,000 samples. */
const PROFILE_MS = 2_000;
const TOP = 10;

/**
 * Checks against empty methods of the same server, in rounds that take turns, so that all meet the same machine. Every answer is
 * compared with the one that is known to be right.
 */
export async function runRpcLayer(options: RpcOptions): Promise<RpcResult> {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(startGenerator());
  const { connection, issuer, settings, sqlSettings } = options;
  const start = (more: object = {}) =>
    startBenchServer(stack, { connection, settings: { ...more, issuers: [issuer] }, patient: true });
  const memory = await start(settings);
  const sql = sqlSettings === undefined ? undefined : await start(sqlSettings);
  const lanes = lanesOf(options, memory, sql).filter(({ name }) => options.lanes?.includes(name) ?? true);
  for (const { name, target } of lanes) await generator.learn(name, target);
  // Awaited here: what it asks is closed behind it.
  return await new RpcBench(generator, options).run(lanes);
}

function lanesOf({ questions, token }: RpcOptions, memory: BenchServer, sql: BenchServer | undefined): readonly Lane[] {
  const headers = bearer(token);
  const checks = questions.map((question) => grpcCheck(question, headers));
  const { grpcPort, transportEchoPort, echoPort, httpPort } = memory.ports;
  const lane = (name: string, target: LoadTarget, more: Partial<Lane> = {}): Lane => ({
    name,
    server: memory,
    target,
    ...more,
  });
  return [
    lane("echo", grpc(grpcPort, [grpcEcho(ECHO_PATH)]), EMPTY),
    lane("transportEcho", grpc(transportEchoPort, [grpcEcho(CHECK_PATH)]), EMPTY),
    lane("authenticatedEcho", grpc(echoPort, [grpcEcho(CHECK_PATH, headers)]), EMPTY),
    lane("check", grpc(grpcPort, checks), { resident: 1 }),
    ...(sql === undefined ? [] : [lane("checkBySql", grpc(sql.ports.grpcPort, checks), { server: sql })]),
    lane("jsonEcho", json(httpPort, [jsonEcho(ECHO_PATH)]), EMPTY),
    lane(
      "jsonCheck",
      json(
        httpPort,
        questions.map((question) => jsonCheck(question, headers)),
      ),
    ),
  ];
}

export function grpc(port: number, requests: readonly LoadRequest[]): LoadTarget {
  return { protocol: "grpc", host: "127.0.0.1", port, requests };
}

function json(port: number, requests: readonly LoadRequest[]): LoadTarget {
  return { protocol: "json", host: "127.0.0.1", port, requests };
}

class RpcBench {
  readonly #generator: Generator;
  readonly #options: RpcOptions;
  readonly #print: (line: string) => void;
  readonly #rounds = new Map<string, Round[]>();
  readonly #asked: AskedRound[] = [];

  constructor(generator: Generator, options: RpcOptions) {
    this.#generator = generator;
    this.#options = options;
    this.#print = options.print ?? (() => undefined);
  }

  async run(lanes: readonly Lane[]): Promise<RpcResult> {
    const { rounds, roundMs, warmCalls = WARM_CALLS } = this.#options;
    for (const lane of lanes) {
      const settling = await settleLane(this.#generator, lane);
      const warming = await warmLane(this.#generator, lane, { durationMs: roundMs, calls: warmCalls });
      this.#asked.push(...[...settling, ...warming].map((round) => ({ lane, round })));
    }
    for (let round = 0; round < rounds; round++)
      for (const lane of lanes) {
        const found = await this.#ask(lane, roundMs);
        this.#print(sayRound(lane.name, found));
        this.#rounds.set(lane.name, [...(this.#rounds.get(lane.name) ?? []), found]);
      }
    const profile = await this.#profile(lanes);
    const sweeps = await this.#sweep(lanes);
    const methods = Object.fromEntries(lanes.map(({ name }) => [name, this.#figures(name)]));
    const samples = ratioSamples(this.#rounds);
    const { compared, wrong } = answersUnderLoad([...this.#asked, ...sweeps.asked]);
    return {
      methods,
      rounds: this.#rounds,
      sweeps,
      profile,
      samples,
      ratios: medians(samples),
      compared,
      wrong,
    };
  }

  async #ask(lane: Lane, durationMs: number): Promise<Round> {
    const round = await askLane(this.#generator, lane, { durationMs });
    this.#asked.push({ lane, round });
    return round;
  }

  async #sweep(lanes: readonly Lane[]): Promise<Swept> {
    const { sweeps } = this.#options;
    if (sweeps === undefined) return { sweeps: [], distributions: [], asked: [] };
    const throughput = (lane: Lane) => this.#figures(lane.name).callsPerSecond;
    return await runSweeps(this.#generator, lanes, { ...sweeps, throughput, print: this.#print });
  }

  /** @returns the heaviest functions, which a file has whole */
  async #profile(lanes: readonly Lane[]): Promise<readonly SelfTime[]> {
    const { profile } = this.#options;
    if (profile === undefined) return [];
    const lane = lanes.find(({ name }) => name === profile.lane);
    if (lane === undefined)
      throw new Error(`there is no lane ${profile.lane}; there are ${lanes.map(({ name }) => name).join(", ")}`);
    await lane.server.profile();
    await this.#ask(lane, PROFILE_MS);
    await lane.server.profile(profile.file);
    this.#print(`wrote ${profile.file}: the server's CPU under ${lane.name}`);
    return topSelfTimes(JSON.parse(await readFile(profile.file, "utf8")), TOP);
  }

  #figures(name: string): MethodFigures {
    const rounds = this.#rounds.get(name) ?? [];
    const of = (pick: (round: Round) => number) => median(rounds.map(pick));
    return {
      callsPerSecond: of((round) => round.callsPerSecond),
      serverCpuMicros: of((round) => round.server.cpuMicrosPerCall),
      serverRssBytes: of((round) => round.server.rssBytes),
      clientCpuMicros: of((round) => round.clientCpuMicros),
      p50Ms: of((round) => round.p50Ms),
      p99Ms: of((round) => round.p99Ms),
      calls: rounds.reduce((sum, { calls }) => sum + calls, 0),
      wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
    };
  }
}

/** A line for people. */
export function sayRound(what: string, { server, generator, ...found }: Round): string {
  const { bottleneck } = generator;
  return (
    `${what.padEnd(18)} ${found.callsPerSecond.toFixed(0).padStart(7)} calls/s, ` +
    `server ${server.cpuMicrosPerCall.toFixed(1)} µs, client ${found.clientCpuMicros.toFixed(1)} µs of CPU a call, ` +
    `p50 ${found.p50Ms.toFixed(2)} ms, p99 ${found.p99Ms.toFixed(2)} ms, ${found.wrong} wrong` +
    `${bottleneck === undefined ? "" : `; ${bottleneck}`}`
  );
}
