import { RelataError } from "../errors.ts";
import type { Binding } from "../model/trust.ts";
import type { TrustKind, TrustLog, TrustPosition } from "../model/trust-store.ts";
import type { RevocableClaims, TrustStats, TrustView } from "../model/trust-view.ts";
import { applyChanges, loadWhole } from "./trust-apply.ts";
import { createTrustState } from "./trust-state.ts";

export interface TrustFeedOptions {
  /** Milliseconds that only pass. */
  readonly monotonic: () => number;
  /** Milliseconds since the epoch: what has become obsolete is forgotten. */
  readonly now: () => number;
  readonly log: TrustFeedLog;
  readonly pollIntervalMs: number;
  /** What was not confirmed for so long is not believed: within this time every node has heard of a revocation, or serves nobody. */
  readonly maxAgeMs: number;
}

export interface TrustFeedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** @param key undefined: anything of that kind may have changed */
export type TrustListener = (key: string | undefined) => void;

/** Bindings and revocations in memory, kept up to date, and word of every change for those who remember something themselves. */
export interface TrustFeed extends TrustView {
  /** Reads everything and follows it from then on. @throws what the store says when it cannot be read */
  start(): Promise<void>;
  /** Is told before anything is confirmed, and so before anybody is let in on what it remembers. Returns how to leave. */
  onChange(kind: TrustKind, listener: TrustListener): () => void;
  /** Takes in everything committed before the call. */
  poll(): Promise<void>;
  stats(): TrustStats;
  close(): void;
}

/** Of one read: longer than the store takes to give up a silent connection, and not much more than half of the usual bound. */
const READ_TIMEOUT_MS = 1_200;
/** Of a smaller bound, the share after which a read has failed: that it is stale should be known by the time it is. */
const READ_TIMEOUT_SHARE = 0.6;
/** The one under way may have begun before the pause that made everything old: then one more. */
const CONFIRMING_READS = 2;
/** How many changes are taken in at a time. */
const PAGE = 500;
/** Between tries that fail. */
const LONGEST_PAUSE_MS = 1_000;

export function createTrustFeed(source: TrustLog, options: TrustFeedOptions): TrustFeed {
  return new Feed(source, options);
}

class Feed implements TrustFeed {
  readonly #source: TrustLog;
  readonly #options: TrustFeedOptions;
  readonly #state = createTrustState();
  readonly #closing = new AbortController();
  readonly #listeners = new Map<TrustKind, Set<TrustListener>>();
  #position: TrustPosition | undefined;
  /** Revocations that were obsolete at this instant of the wall clock are not known any more. */
  #forgotAtMs = Number.NEGATIVE_INFINITY;
  /** When the newest read began that left nothing newer. */
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #polls = 0;
  #failures = 0;
  #failuresInARow = 0;
  #loads = 0;
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: TrustLog, options: TrustFeedOptions) {
    this.#source = source;
    this.#options = options;
  }

  get version(): number {
    return this.#state.version;
  }

  requireFresh(): void {
    const ageMs = this.#ageMs();
    const { maxAgeMs } = this.#options;
    if (ageMs <= maxAgeMs) return;
    const age = Number.isFinite(ageMs) ? `for ${Math.round(ageMs)} ms` : "yet";
    throw unconfirmed(`not confirmed ${age}; the bound is ${maxAgeMs} ms`);
  }

  /**
   * Old without a failed read is a process that was paused, or a database that is slow: all callers wait for the one read under
   * way. Once a read has failed nobody waits: the schedule goes on trying, at its own pace, whoever calls.
   */
  async confirm(): Promise<void> {
    for (let reads = 0; reads < CONFIRMING_READS && this.#isStale() && this.#failuresInARow === 0; reads += 1)
      await (this.#underWay ?? this.#begin()).catch(ignore);
    this.requireFresh();
  }

  bindings(issuer: string, subject: string): readonly Binding[] {
    return this.#state.bindings(issuer, subject);
  }

  isRevoked(claims: RevocableClaims): boolean {
    return this.#state.isRevoked(claims);
  }

  async start(): Promise<void> {
    await this.poll();
    this.#source.listen(() => void this.poll().catch(ignore), this.#closing.signal);
    this.#schedule();
  }

  onChange(kind: TrustKind, listener: TrustListener): () => void {
    const all = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, all.add(listener));
    return () => void all.delete(listener);
  }

  /** One round at a time. Who comes while one is under way gets the next, which begins after its call. */
  poll(): Promise<void> {
    if (this.#underWay === undefined) return this.#begin();
    // Another may have begun in the moment between: after this call too, and two at once would not know of each other.
    const begin = () => this.#underWay ?? this.#begin();
    this.#next ??= this.#underWay.then(begin, begin);
    return this.#next;
  }

  stats(): TrustStats {
    return {
      ageMs: this.#ageMs(),
      boundMs: this.#options.maxAgeMs,
      logVersion: this.#position?.version ?? -1,
      polls: this.#polls,
      failures: this.#failures,
      loads: this.#loads,
      ...this.#state.sizes(),
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closing.abort();
  }

  #isStale(): boolean {
    return this.#ageMs() > this.#options.maxAgeMs;
  }

  #ageMs(): number {
    return this.#options.monotonic() - this.#confirmedAtMs;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    const run = this.#round().finally(() => {
      if (this.#underWay === run) this.#underWay = undefined;
    });
    this.#underWay = run;
    return run;
  }

  async #round(): Promise<void> {
    try {
      await this.#takeInAll();
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    if (this.#failuresInARow > 0) this.#options.log.info({ failedReads: this.#failuresInARow }, FOLLOWED_AGAIN);
    this.#failuresInARow = 0;
  }

  async #takeInAll(): Promise<void> {
    const { monotonic, now, maxAgeMs } = this.#options;
    const timeoutMs = Math.min(READ_TIMEOUT_MS, Math.ceil(maxAgeMs * READ_TIMEOUT_SHARE));
    const signal = () => AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    for (;;) {
      const beganAtMs = monotonic();
      this.#polls += 1;
      // What was forgotten while the clock was ahead can name tokens that are good again now that it has been put right.
      if (now() < this.#forgotAtMs) this.#startOver(CLOCK_PUT_BACK);
      const position = this.#position ?? (await this.#load(signal));
      const page = await this.#source.since(position, PAGE, signal());
      if (!page.continues) {
        this.#startOver(HISTORY_CHANGED);
        continue;
      }
      await applyChanges(this.#source, this.#state, page.changes, signal);
      for (const { kind, key } of page.changes) this.#tell(kind as TrustKind, key);
      // Only now: whoever was not told is told the next time.
      this.#position = page.changes.at(-1) ?? position;
      if (!page.complete) continue;
      this.#forgotAtMs = now();
      this.#state.forgetObsolete(this.#forgotAtMs);
      this.#confirmedAtMs = beganAtMs;
      return;
    }
  }

  #startOver(why: string): void {
    this.#options.log.warn({ version: this.#position?.version }, why);
    this.#position = undefined;
    this.#forgotAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Whoever remembers something of a history that is no more must forget it too. */
  async #load(signal: () => AbortSignal): Promise<TrustPosition> {
    this.#forgotAtMs = this.#options.now();
    const position = await loadWhole(this.#source, this.#state, this.#forgotAtMs, signal);
    this.#loads += 1;
    for (const kind of this.#listeners.keys()) this.#tell(kind, undefined);
    return position;
  }

  #tell(kind: TrustKind, key: string | undefined): void {
    for (const listener of this.#listeners.get(kind) ?? []) listener(key);
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#failuresInARow += 1;
    if (this.#failuresInARow > 1 || this.#closing.signal.aborted) return;
    this.#options.log.warn({ error: String(error), boundMs: this.#options.maxAgeMs }, UNREADABLE);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) return;
    const { pollIntervalMs } = this.#options;
    const ceilingMs = Math.max(pollIntervalMs, LONGEST_PAUSE_MS);
    const pauseMs = Math.min(ceilingMs, pollIntervalMs * 2 ** Math.min(this.#failuresInARow, 8));
    // Up to a half less by chance: the processes of one database should not come back all at once.
    const chance = this.#failuresInARow > 0 ? 1 - Math.random() / 2 : 1;
    this.#timer = setTimeout(
      () =>
        void this.poll()
          .catch(ignore)
          .finally(() => this.#schedule()),
      pauseMs * chance,
    ).unref();
  }
}

/** What failed has been counted and said. */
function ignore(): void {}

const FOLLOWED_AGAIN = "changes of credentials are followed again";
const HISTORY_CHANGED =
  "the log of credentials is not the one that was followed, as after a restored backup or a day without the database: everything is read anew";
const CLOCK_PUT_BACK = "the clock was put back: what was forgotten by the time it showed before is read anew";
const UNREADABLE =
  "changes of credentials cannot be read: once what is known is older than its bound, nobody is let in until they can";

/** Nothing can be judged: which is no refusal. */
export function unconfirmed(detail: string): RelataError {
  return new RelataError(
    "CREDENTIALS_UNCONFIRMED",
    "it is not known for certain which credentials have been revoked, so none is accepted: try again soon",
    { detail, retryAfterMs: 250 },
  );
}
