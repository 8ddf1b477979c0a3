import type { ChainPosition } from "../model/audit.ts";
import { eventHash, genesisHash, personalDigest } from "./chain.ts";
import { isSignedByOneOf, type SignedHead } from "./signed-head.ts";

/** What there is to prove an event by. Of the columns beside the bytes, those that are given must say the same. */
export interface ProvableEvent {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  readonly previousHash?: Uint8Array;
  readonly personal?: Uint8Array;
  readonly personalSalt?: Uint8Array;
  readonly event?: string;
  readonly requestId?: string;
  readonly actor?: string;
  /** Milliseconds since the epoch. */
  readonly recordedAtMs?: number;
}

export interface AuditProblem {
  readonly seq: number;
  readonly problem: ProblemKind;
  readonly message: string;
}

export type ProblemKind =
  | "malformed"
  | "hash_mismatch"
  | "missing"
  | "inserted"
  | "reordered"
  | "foreign"
  | "column_mismatch"
  | "personal_mismatch"
  | "personal_missing"
  | "head_mismatch"
  | "cut_tail"
  | "bad_signature";

export interface VerifyOptions {
  readonly chain: string;
  /** What the first event is sealed to: a checkpoint, or the event before a part. Undefined: the chain's beginning. */
  readonly start?: Pick<ChainPosition, "seq" | "hash">;
  /** What is before `start` was dropped, and an event audit.pruned must tell of it. */
  readonly isStartPruned?: boolean;
  /** Heads exported earlier. */
  readonly heads?: readonly SignedHead[];
  /** Raw Ed25519 keys, one of which must have signed each head that bears a signature. */
  readonly publicKeys?: readonly Uint8Array[];
  /** Refuses heads without a signature too. */
  readonly requireSignatures?: boolean;
}

export interface VerifyReport {
  readonly intact: boolean;
  readonly events: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastHash: Uint8Array;
  /** The first 100. */
  readonly problems: readonly AuditProblem[];
  readonly personalErased: number;
}

const MAX_PROBLEMS = 100;

/** Proves events one after the other, in the order in which they are stored. Pure: what it is given is all it knows. */
export class ChainVerifier {
  readonly #options: VerifyOptions;
  readonly #problems: AuditProblem[] = [];
  readonly #headsBySeq = new Map<number, SignedHead[]>();
  /** Events without their personal part, and those that a personal.erased tells of. */
  readonly #erased = new Set<number>();
  readonly #told: (readonly [number, number])[] = [];
  /** By the last event that went, its hash: what events audit.pruned tell. */
  readonly #pruned = new Map<number, string>();
  /** Numbers that were left out: one that comes later was moved. */
  readonly #missing = new Set<number>();
  #problemCount = 0;
  #events = 0;
  #firstSeq = 0;
  #lastSeq: number;
  #lastHash: Uint8Array;
  #lastTime = "";

  constructor(options: VerifyOptions) {
    this.#options = options;
    const start = options.start ?? { seq: 0, hash: genesisHash(options.chain) };
    this.#lastSeq = start.seq;
    this.#lastHash = start.hash;
    for (const head of options.heads ?? []) this.#takeHead(head);
    this.#compareHeads(start.seq, start.hash);
  }

  /** Whether events have lost what was personal and none that came so far tells of it. */
  get hasUntold(): boolean {
    return this.#untold().next().done !== true;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  take(event: ProvableEvent): void {
    this.#events += 1;
    if (this.#firstSeq === 0) this.#firstSeq = event.seq;
    const body = readBody(event.body);
    if (body === undefined) this.#say(event.seq, "malformed", "its body is no event");
    else this.#checkBody(event, body);
    this.#checkPlace(event);
    this.#checkPersonal(event, body);
  }

  /** The same when there are more events, and what was erased of these may be told of in later ones. */
  reportPart(laterErasures: readonly Uint8Array[]): VerifyReport {
    for (const bytes of laterErasures) this.#told.push(...rangesOf(readBody(bytes)?.details));
    this.#checkErased();
    return this.report();
  }

  /** What was found so far. */
  report(): VerifyReport {
    return {
      intact: this.#problemCount === 0,
      events: this.#events,
      firstSeq: this.#firstSeq,
      lastSeq: this.#lastSeq,
      lastHash: this.#lastHash,
      problems: this.#problems,
      personalErased: this.#erased.size,
    };
  }

  /**
   * The same when there are no more events: what was erased or dropped must be told of, heads beyond the last event tell of a cut tail.
   * @param end the head that the database keeps, which must be that of the last event
   */
  reportToEnd(end?: Pick<ChainPosition, "seq" | "hash">): VerifyReport {
    if (end !== undefined) this.#compareEnd(end);
    this.#checkErased();
    this.#checkPruned();
    for (const seq of this.#headsBySeq.keys())
      if (seq > this.#lastSeq)
        this.#say(seq, "cut_tail", `a head of it was exported, and the chain ends at event ${this.#lastSeq}`);
    return this.report();
  }

  #compareEnd(end: Pick<ChainPosition, "seq" | "hash">): void {
    if (end.seq > this.#lastSeq)
      this.#say(end.seq, "cut_tail", `the chain's head names it, and the last event there is is ${this.#lastSeq}`);
    else if (end.seq < this.#lastSeq)
      this.#say(this.#lastSeq, "inserted", `the chain's head names event ${end.seq}, and this one stands behind it`);
    else if (!isSame(end.hash, this.#lastHash))
      this.#say(end.seq, "head_mismatch", "the chain's head has another hash than its last event");
  }

  #checkBody(event: ProvableEvent, body: EventBody): void {
    const { seq } = event;
    if (body.chain !== this.#options.chain)
      this.#say(seq, "foreign", `it is sealed as an event of the chain ${body.chain}`);
    else if (body.seq !== seq) this.#say(seq, "reordered", `it is sealed as event ${body.seq}`);
    const { requestId, recordedAtMs } = event;
    const differing = [
      ...(event.event !== undefined && event.event !== body.event ? ["event"] : []),
      ...(requestId !== undefined && requestId.toWellFormed() !== body.request_id ? ["request_id"] : []),
      ...(recordedAtMs !== undefined && recordedAtMs !== Date.parse(body.time) ? ["recorded_at"] : []),
    ];
    if (differing.length > 0)
      this.#say(seq, "column_mismatch", `beside it stands another ${differing.join(" and ")} than it is sealed with`);
    if (body.time < this.#lastTime) this.#say(seq, "reordered", "it was recorded before the one ahead of it");
    this.#lastTime = body.time;
    if (body.event === "personal.erased") this.#told.push(...rangesOf(body.details));
    if (body.event === "audit.pruned") this.#takePruned(body.details);
  }

  #checkPlace(event: ProvableEvent): void {
    const { seq, hash } = event;
    const expected = this.#lastSeq + 1;
    if (seq < expected) {
      const moved = this.#missing.delete(seq);
      this.#say(seq, moved ? "reordered" : "inserted", moved ? "it stands behind later ones" : "its place is taken");
      return;
    }
    if (seq > expected) {
      this.#say(
        expected,
        "missing",
        seq === expected + 1 ? "it is not there" : `events up to ${seq - 1} are not there`,
      );
      for (let at = expected; at < seq && this.#missing.size < 10_000; at += 1) this.#missing.add(at);
      // What the first one behind a gap is sealed to is gone; it is taken as it is, and so is what a head says of it.
    } else if (!isSame(hash, eventHash(this.#lastHash, event.body)))
      this.#say(seq, "hash_mismatch", "its hash is not that of its bytes behind the event before it");
    else if (event.previousHash !== undefined && !isSame(event.previousHash, this.#lastHash))
      this.#say(seq, "hash_mismatch", "the hash it names is not that of the event before it");
    this.#lastSeq = seq;
    this.#lastHash = hash;
    this.#compareHeads(seq, hash);
  }

  #checkPersonal(event: ProvableEvent, body: EventBody | undefined): void {
    const { seq, personal, personalSalt, actor } = event;
    if (personal === undefined && personalSalt === undefined) {
      this.#erased.add(seq);
      if (actor !== undefined)
        this.#say(seq, "column_mismatch", "its actor is there and what it was taken from is not");
    } else if (personal === undefined || personalSalt === undefined)
      this.#say(seq, "personal_mismatch", "of its personal part and the salt only one is there");
    else if (body !== undefined && personalDigest(personalSalt, personal).toString("hex") !== body.personal)
      this.#say(seq, "personal_mismatch", "its personal part is not the one it was sealed with");
    // The columns come together: with the others there, one that is missing has been taken away.
    else if (event.recordedAtMs !== undefined && actor?.toWellFormed() !== readActor(personal))
      this.#say(seq, "column_mismatch", "beside it stands another actor than it is sealed with");
  }

  /** What nobody said was erased has been taken away. */
  #checkErased(): void {
    for (const seq of this.#untold())
      this.#say(seq, "personal_missing", "its personal part is gone, and no event personal.erased tells of it");
  }

  *#untold(): Generator<number> {
    const told = this.#told.toSorted(([a], [b]) => a - b);
    let [at, reached] = [0, 0];
    for (const seq of [...this.#erased].sort((a, b) => a - b)) {
      for (; (told[at]?.[0] ?? Number.POSITIVE_INFINITY) <= seq; at += 1)
        reached = Math.max(reached, told[at]?.[1] ?? 0);
      if (seq > reached) yield seq;
    }
  }

  #takePruned(details: unknown): void {
    const { through, hash } = (details ?? {}) as { readonly through?: unknown; readonly hash?: unknown };
    if (typeof through === "number" && typeof hash === "string") this.#pruned.set(through, hash);
  }

  #checkPruned(): void {
    const { start, isStartPruned = false } = this.#options;
    if (!isStartPruned || start === undefined || start.seq === 0) return;
    const told = this.#pruned.get(start.seq);
    const [seq, upTo] = [Math.max(1, this.#firstSeq), `events up to ${start.seq}`];
    if (told === undefined) this.#say(seq, "missing", `${upTo} are not there, and no event audit.pruned tells of it`);
    else if (told !== Buffer.from(start.hash).toString("hex"))
      this.#say(
        seq,
        "hash_mismatch",
        `${upTo} were pruned, and it is sealed to another hash than the last of them had`,
      );
  }

  #takeHead(head: SignedHead): void {
    const { chain, publicKeys = [], requireSignatures = false } = this.#options;
    if (head.chain !== chain) {
      this.#say(head.seq, "foreign", `a head is of the chain ${head.chain}`);
      return;
    }
    const isSigned = head.signature.length > 0;
    if ((isSigned && !isSignedByOneOf(publicKeys, head)) || (!isSigned && requireSignatures))
      this.#say(head.seq, "bad_signature", `the head of event ${head.seq} is not signed by a key that is trusted`);
    this.#headsBySeq.set(head.seq, [...(this.#headsBySeq.get(head.seq) ?? []), head]);
  }

  #compareHeads(seq: number, hash: Uint8Array): void {
    for (const head of this.#headsBySeq.get(seq) ?? [])
      if (!isSame(head.hash, hash)) this.#say(seq, "head_mismatch", "a head of it was exported with another hash");
  }

  #say(seq: number, problem: ProblemKind, what: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ seq, problem, message: `event ${seq}: ${what}` });
  }
}

interface EventBody {
  readonly chain: string;
  readonly seq: number;
  readonly time: string;
  readonly event: string;
  readonly request_id: string;
  readonly personal: string;
  readonly details: unknown;
}

function readBody(bytes: Uint8Array): EventBody | undefined {
  const body = parse(bytes) as Partial<EventBody> | undefined;
  const isEvent =
    typeof body?.chain === "string" &&
    typeof body.seq === "number" &&
    typeof body.time === "string" &&
    typeof body.event === "string" &&
    typeof body.personal === "string";
  return isEvent ? (body as EventBody) : undefined;
}

function readActor(personal: Uint8Array): unknown {
  return (parse(personal) as { readonly actor?: unknown } | undefined)?.actor;
}

function parse(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `{"seqs": [[3, 5], [9, 9]]}`. */
function rangesOf(details: unknown): readonly (readonly [number, number])[] {
  const { seqs } = (details ?? {}) as { readonly seqs?: unknown };
  return Array.isArray(seqs) ? (seqs as readonly unknown[]).filter(isRange) : [];
}

function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "number";
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
