/** Hands values from one task to another, one at a time: `send` resolves when the value was taken. */
export interface Rendezvous<T> {
  send(value: T): Promise<void>;
  /** No more values come; `values` ends after the last. Nobody waits for a reader any longer: every `send` resolves. */
  close(): void;
  /** To be iterated once. Leaving early lets every `send`, now and later, resolve at once. */
  readonly values: AsyncIterable<T>;
}

interface Offer<T> {
  readonly value: T;
  readonly taken: () => void;
}

export function createRendezvous<T>(): Rendezvous<T> {
  const offers: Offer<T>[] = [];
  /** Of values on offer, or in the hands of a reader who has not come back yet. */
  const waiting = new Set<() => void>();
  let closed = false;
  let wake = (): void => undefined;

  async function* take(): AsyncGenerator<T> {
    try {
      for (;;) {
        const offer = offers.shift();
        if (offer === undefined) {
          if (closed) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        try {
          yield offer.value;
        } finally {
          offer.taken();
        }
      }
    } finally {
      closed = true;
      for (const { taken } of offers.splice(0)) taken();
    }
  }

  return {
    values: take(),
    close() {
      closed = true;
      for (const taken of waiting) taken();
      wake();
    },
    send(value) {
      if (closed) return Promise.resolve();
      return new Promise((resolve) => {
        const taken = () => {
          waiting.delete(taken);
          resolve();
        };
        waiting.add(taken);
        offers.push({ value, taken });
        wake();
      });
    },
  };
}
