import { expect, test } from "vitest";
import { createSlices, type SlicedJob, type Slices } from "../../src/graph/slices.ts";

/** A job of steps that take as long as they are told. */
class Busy implements SlicedJob {
  done = 0;
  readonly #steps: number;
  readonly #stepMs: number;

  constructor(steps: number, stepMs: number) {
    this.#steps = steps;
    this.#stepMs = stepMs;
  }

  step(): boolean {
    const untilMs = performance.now() + this.#stepMs;
    while (performance.now() < untilMs);
    this.done += 1;
    return this.done === this.#steps;
  }
}

/** How many turns of the event loop go by until the work is done. */
async function turnsUntil(work: Promise<unknown>): Promise<number> {
  let isDone = false;
  let turns = 0;
  void work.then(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  return turns;
}

test("long work leaves a turn to others after every millisecond or so", async () => {
  const slices = createSlices();
  // 40 steps of 0.5 ms: at most three begin within a slice of a millisecond.
  expect(await turnsUntil(slices.run(new Busy(40, 0.5)))).toBeGreaterThanOrEqual(13);
  expect(slices.longestMs).toBeGreaterThan(0.5);
});

test("however many jobs there are, they share the slices", async () => {
  const slices = createSlices();
  const jobs = Array.from({ length: 40 }, () => new Busy(1, 0.5));
  expect(await turnsUntil(Promise.all(jobs.map((job) => slices.run(job))))).toBeGreaterThanOrEqual(13);
});

test("a short job does not wait for a long one", async () => {
  const slices = createSlices();
  const long = new Busy(200, 0.1);
  const all = slices.run(long);
  await slices.run(new Busy(1, 0.1));
  expect(long.done).toBeLessThan(100);
  await all;
});

test("a job that throws is over, the others go on", async () => {
  const slices = createSlices();
  const failing = slices.run({
    step() {
      throw new Error("a step failed");
    },
  });
  const other = slices.run(new Busy(3, 0.1));
  await expect(failing).rejects.toThrow("a step failed");
  await other;
});

test("what is not done when it is closed is rejected", async () => {
  const slices: Slices = createSlices();
  const job = new Busy(1_000, 0.1);
  const running = slices.run(job);
  slices.close();
  await expect(running).rejects.toMatchObject({ reason: "CANCELLED" });
  await expect(slices.run(new Busy(1, 0))).rejects.toMatchObject({ reason: "CANCELLED" });
  const { done } = job;
  await turnsUntil(new Promise((resolve) => setTimeout(resolve, 5)));
  expect(job.done).toBe(done);
});
