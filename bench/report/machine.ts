import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Over one minute. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly node: string;
  readonly os: string;
  /** Left out where no layer used it. */
  readonly postgres?: string;
}

/** @param loadBefore what `loadNow` said when the run began: with other programs on the machine, only ratios mean much */
export function machineFacts(loadBefore: number, postgres: string | undefined): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadBefore,
    loadAfter: loadNow(),
    node: process.version,
    os: `${platform()} ${release()}`,
    ...(postgres !== undefined && { postgres }),
  };
}

export function loadNow(): number {
  return loadavg()[0] ?? 0;
}
