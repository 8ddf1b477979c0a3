import type { Entry } from "./bounded-book.ts";
import { type BucketRule, TokenBucket } from "./token-bucket.ts";

/** What one principal or one tenant does on this process. */
export class Account implements Entry {
  readonly #bucket: TokenBucket | undefined;
  /** Calls under way that wait for something; those that end in the turn they began in are not counted. */
  underWay = 0;
  #refusedInSecond = 0;
  #second = 0;

  constructor(rule: BucketRule | undefined, nowMs: number) {
    this.#bucket = rule === undefined ? undefined : new TokenBucket(rule, nowMs);
  }

  /** @returns 0, or in how many milliseconds there is room for one more */
  take(nowMs: number): number {
    return this.#bucket === undefined ? 0 : this.#bucket.take(nowMs);
  }

  charge(cost: number): void {
    this.#bucket?.charge(cost);
  }

  /** One more refusal. @returns how many there have been in this second */
  refused(nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#refusedInSecond = 0;
    this.#second = second;
    this.#refusedInSecond += 1;
    return this.#refusedInSecond;
  }

  isOwing(nowMs: number): boolean {
    return this.underWay > 0 || (this.#bucket !== undefined && !this.#bucket.isFull(nowMs));
  }
}

/** A tenant's: what of it waits for its turn. */
export class TenantAccount extends Account {
  /** Milliseconds of the thread that it had in the turn of the event loop that `turn` numbers. */
  usedMs = 0;
  turn = -1;
  readonly waiting = new Line();

  override isOwing(nowMs: number): boolean {
    return !this.waiting.isEmpty || super.isOwing(nowMs);
  }
}

/** A call that waits for its turn. */
export interface Waiting {
  readonly sinceMs: number;
  /** The caller has gone or its time is up: nobody waits for it any longer. */
  readonly isOver: boolean;
  go(): void;
  refuse(): void;
  /** It is over: ends it, so that it is no longer counted as under way. */
  drop(): void;
}

/** First in, first out; taking out moves nothing. */
export class Line {
  #calls: (Waiting | undefined)[] = [];
  #first = 0;

  push(call: Waiting): void {
    this.#calls.push(call);
  }

  shift(): Waiting | undefined {
    const call = this.#calls[this.#first];
    if (call === undefined) return undefined;
    this.#calls[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#calls.length) {
      this.#calls = [];
      this.#first = 0;
    } else if (this.#first >= 1024) {
      this.#calls = this.#calls.slice(this.#first);
      this.#first = 0;
    }
    return call;
  }

  get isEmpty(): boolean {
    return this.#first === this.#calls.length;
  }

  get length(): number {
    return this.#calls.length - this.#first;
  }
}
