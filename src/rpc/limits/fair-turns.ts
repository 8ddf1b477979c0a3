import type { TenantAccount, Waiting } from "./account.ts";

/*
 * Node answers whatever has arrived before it looks for what has arrived since. A tenant with 2,000 Checks on their way at 70 µs
 * each keeps everybody else waiting for 140 ms, again and again, and refusing them would take nearly as long as answering:
 * what costs is mostly grpc-js's. So nobody is refused here. A tenant has a stretch of each turn of the event loop to
 * itself; what it sends beyond waits in the tenant's own line, and lines are served in turn, a slice at a time, between looks
 * at what has arrived. Whoever asks little is answered at once; whoever storms waits for itself, gets all that is left, and
 * sends no faster than it is answered, for each waiting call holds one of its connections' streams.
 */

/** Of a turn, for one tenant: some 80 Checks, for to wait costs a call 15 µs. Once its line is not empty all it sends waits. */
const TENANT_MS = 6;
/** For all together; beyond, only the first call of a tenant in a turn is answered at once. */
const ALL_MS = 9;
/**
 * From lines, between two looks at what has arrived. A tenant that asks little waits for about two of these and for as much
 * of the storm as has come in meanwhile, which is as much as was answered: with 2 ms its median beside a storm was 7 ms, with
 * 0.5 ms it is 2.3 ms, and the storm is answered as fast.
 */
const SLICE_MS = 0.5;
/** Of a slice, for one tenant before the next. */
const QUANTUM_MS = 0.25;
/** What a call takes that is not measured here: its frames, headers and answer. */
const AROUND_MS = 0.05;
/** Its caller has better things to do than to wait any longer, and should come back when there is less to do. */
const MAX_WAIT_MS = 2_000;

export interface TurnStats {
  /** Calls that had to wait for their turn. */
  waited: number;
  /** Waiting now. */
  waiting: number;
  /** Longest wait since this was last read. */
  longestMs: number;
}

export class FairTurns {
  readonly stats: TurnStats = { waited: 0, waiting: 0, longestMs: 0 };
  /** Tenants with calls that wait, in the order in which they get their quantum. */
  #lines: TenantAccount[] = [];
  #turn = 0;
  #turnBegan = false;
  #usedMs = 0;

  /** Whether a call of the tenant may go on at once; otherwise it is to wait by `wait`. */
  mayGo(account: TenantAccount): boolean {
    if (!this.#turnBegan) {
      this.#turnBegan = true;
      setImmediate(this.#endTurn);
    }
    if (!account.waiting.isEmpty) return false;
    if (account.turn !== this.#turn) {
      account.turn = this.#turn;
      account.usedMs = 0;
      return true;
    }
    return account.usedMs < TENANT_MS && this.#usedMs < ALL_MS;
  }

  /** What a call has had of the thread. */
  used(account: TenantAccount, ms: number): void {
    account.usedMs += ms + AROUND_MS;
    this.#usedMs += ms + AROUND_MS;
  }

  wait(account: TenantAccount, call: Waiting): void {
    if (account.waiting.isEmpty) this.#lines.push(account);
    account.waiting.push(call);
    this.stats.waiting += 1;
    this.stats.waited += 1;
  }

  readonly #endTurn = (): void => {
    this.#turn += 1;
    this.#usedMs = 0;
    this.#turnBegan = this.#lines.length > 0;
    if (!this.#turnBegan) return;
    setImmediate(this.#endTurn);
    this.#serveLines();
  };

  #serveLines(): void {
    for (let leftMs = SLICE_MS; leftMs > 0; ) {
      const account = this.#lines.shift();
      if (account === undefined) return;
      leftMs -= this.#serve(account, Math.min(QUANTUM_MS, leftMs));
      if (!account.waiting.isEmpty) this.#lines.push(account);
    }
  }

  /** @returns milliseconds of the thread that it took, what follows of the answers included */
  #serve(account: TenantAccount, quantumMs: number): number {
    let spentMs = 0;
    for (let nowMs = performance.now(); spentMs < quantumMs; ) {
      const call = account.waiting.shift();
      if (call === undefined) break;
      this.stats.waiting -= 1;
      if (call.isOver) call.drop();
      else this.#let(call, nowMs);
      const afterMs = performance.now();
      // Answers are written when this has ended: a promise's continuation does not run before.
      spentMs += afterMs - nowMs + AROUND_MS;
      nowMs = afterMs;
    }
    return spentMs;
  }

  #let(call: Waiting, nowMs: number): void {
    const waitedMs = nowMs - call.sinceMs;
    this.stats.longestMs = Math.max(this.stats.longestMs, waitedMs);
    if (waitedMs > MAX_WAIT_MS) call.refuse();
    else call.go();
  }
}
