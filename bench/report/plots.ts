/** What is drawn, as data: the HTML report holds the same. */
export interface Plots {
  readonly distributions: readonly Distribution[];
  readonly sweeps: readonly Sweep[];
  readonly curves: readonly Curve[];
  readonly memory: readonly MemoryPoint[];
  readonly against: readonly Against[];
}

/** Latencies of one load. */
export interface Distribution {
  /** Such as `Check over gRPC, 5,000/s`. */
  readonly lane: string;
  /** Such as `documents`: lanes of one workload are drawn together. Left out where there is none, as of an echo. */
  readonly workload?: string;
  /** Left out for a closed loop. */
  readonly ratePerSecond?: number;
  readonly calls: number;
  /** Ascending, from 0 to 1, with the latency that this share of the calls stayed within. */
  readonly quantiles: readonly { readonly share: number; readonly ms: number }[];
}

/** One lane under growing load. */
export interface Sweep {
  readonly lane: string;
  /** As of a distribution. */
  readonly workload?: string;
  readonly by: "concurrency" | "rate";
  readonly points: readonly LoadPoint[];
}

export interface LoadPoint {
  /** Calls in flight, or calls a second that were due. */
  readonly x: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly server: ServerUse;
  readonly generator: GeneratorUse;
}

export interface ServerUse {
  readonly cpuMicrosPerCall: number;
  /** Cores kept busy, of all threads. */
  readonly cores: number;
  readonly rssBytes: number;
}

export interface GeneratorUse {
  /** Of its one core. */
  readonly share: number;
  /** By how much calls were sent later than they were due although a stream was free; 0 in a closed loop. */
  readonly lateP99Ms: number;
  /** Says why the generator itself was what held the load back; left out when it was not. */
  readonly bottleneck?: string;
}

/** How a cost grows. */
export interface Curve {
  readonly workload: string;
  /** What the cost is of, such as `Check in memory`. */
  readonly what: string;
  readonly by: "tuples" | "depth" | "width" | "results";
  readonly points: readonly CostPoint[];
}

export interface CostPoint {
  readonly x: number;
  readonly medianUs: number;
  /** Left out where there were too few calls for one. */
  readonly p99Us?: number;
  /** Counted work of one question on average; left out where it was not counted. */
  readonly nodes?: number;
  readonly rows?: number;
  readonly rounds?: number;
  readonly allocatedBytes?: number;
}

export interface MemoryPoint {
  readonly workload: string;
  readonly tuples: number;
  readonly graphBytes: number;
  readonly rssBytes: number;
}

/** A figure against what it could be at most, or against what others do. */
export interface Against {
  readonly what: string;
  /** Such as `empty echo, gRPC` or `SpiceDB 1.56`. */
  readonly against: string;
  readonly kind: "limit" | "peer";
  /** Ours ÷ theirs, each of one round: above 1 is better than they. */
  readonly samples: readonly number[];
}

export const NO_PLOTS: Plots = { distributions: [], sweeps: [], curves: [], memory: [], against: [] };

export function joinPlots(parts: readonly (Partial<Plots> | undefined)[]): Plots {
  return {
    distributions: parts.flatMap((part) => part?.distributions ?? []),
    sweeps: parts.flatMap((part) => part?.sweeps ?? []),
    curves: parts.flatMap((part) => part?.curves ?? []),
    memory: parts.flatMap((part) => part?.memory ?? []),
    against: parts.flatMap((part) => part?.against ?? []),
  };
}
