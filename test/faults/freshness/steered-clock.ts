// node --import steered-clock.ts …: the wall clock of this process goes as its parent says, and its monotonic one as ever.

/** From the parent: how far the wall clock is off. It is sent back once it holds. */
export interface ClockMessage {
  readonly offsetMs: number;
}

const RealDate = Date;
let offsetMs = 0;

class SteeredDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(SteeredDate.now());
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

Object.assign(globalThis, { Date: SteeredDate });

process.on("message", (message: ClockMessage) => {
  offsetMs = message.offsetMs;
  process.send?.(message);
});
// The test is gone.
process.on("disconnect", () => process.exit(1));
process.channel?.unref();
