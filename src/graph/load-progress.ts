import type { Logger } from "../log.ts";
import type { FollowedTenant } from "./followed-tenant.ts";

const EVERY_MS = 2_000;
/** Smaller tenants are there before a line could be read, and there may be thousands of them. */
const WORTH_TELLING = 50_000;

export interface LoadedSize {
  readonly tuples: number;
  readonly bytes: number;
}

/** Tells the log how far a tenant's fill is: when it begins, every two seconds, and when it ends. */
export class LoadProgress {
  readonly #tenant: FollowedTenant;
  readonly #log: Logger;
  readonly #monotonic: () => number;
  readonly #beganAtMs: number;
  readonly #tuples: number;
  #toldAtMs: number;

  /** @param tuples as counted before */
  constructor(tenant: FollowedTenant, tuples: number, log: Logger, monotonic: () => number) {
    this.#tenant = tenant;
    this.#log = log;
    this.#monotonic = monotonic;
    this.#tuples = tuples;
    this.#beganAtMs = monotonic();
    this.#toldAtMs = this.#beganAtMs;
    this.#tell({ tenantId: tenant.id, expectedTuples: tuples }, "loading a tenant into memory");
  }

  loaded({ tuples, bytes }: LoadedSize): void {
    const nowMs = this.#monotonic();
    if (nowMs < this.#toldAtMs + EVERY_MS) return;
    this.#toldAtMs = nowMs;
    const fields = { ...this.#fields(tuples, bytes), expectedTuples: this.#tuples };
    this.#log.info(fields, "loading a tenant into memory");
  }

  finished({ tuples, bytes }: LoadedSize): void {
    this.#tell(this.#fields(tuples, bytes), "a tenant is in memory");
  }

  #fields(tuples: number, bytes: number) {
    const seconds = (this.#monotonic() - this.#beganAtMs) / 1_000;
    const tuplesPerSecond = Math.round(tuples / Math.max(seconds, 0.001));
    return { tenantId: this.#tenant.id, tuples, bytes, seconds: Math.round(seconds * 1_000) / 1_000, tuplesPerSecond };
  }

  #tell(fields: Record<string, unknown>, message: string): void {
    if (this.#tuples >= WORTH_TELLING) this.#log.info(fields, message);
    else this.#log.debug(fields, message);
  }
}
