import type pg from "pg";
import type { TupleBatch } from "../../model/change.ts";
import { CopiedTuples } from "./copied-tuples.ts";

/** What of pg's connection a copy uses. */
interface Wire {
  readonly stream: { pause(): unknown; resume(): unknown };
  query(text: string): void;
}

/**
 * COPY … TO STDOUT (FORMAT binary) as a query of pg's, which has none for it. Reads no faster than batches are taken: the
 * socket is paused, and the server waits. The client must be one's own and not pipelined.
 */
export class CopyOut implements pg.Submittable {
  readonly #text: string;
  readonly #batchTuples: number;
  readonly #tuples: CopiedTuples;
  #wire: Wire | undefined;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(text: string, batchTuples: number) {
    this.#text = text;
    this.#batchTuples = batchTuples;
    this.#tuples = new CopiedTuples(batchTuples);
  }

  /** The next batch, valid until this is called again; undefined when everything has come. */
  async take(): Promise<TupleBatch | undefined> {
    while (this.#tuples.count < this.#batchTuples && !this.#over && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#tuples.count === 0) return undefined;
    const batch = this.#tuples.take();
    this.#wire?.stream.resume();
    return batch;
  }

  /** Ends the wait of `take` with an error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  submit(connection: pg.Connection): void {
    this.#wire = connection as unknown as Wire;
    this.#wire.query(this.#text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    try {
      this.#tuples.add(chunk);
    } catch (error) {
      this.fail(error);
    }
    if (this.#tuples.count < this.#batchTuples) return;
    this.#wire?.stream.pause();
    this.#wake?.();
  }

  handleError(error: unknown): void {
    this.fail(error);
  }

  handleReadyForQuery(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** Messages beside the rows: nothing to do. */
  handleCommandComplete(): void {}
}
