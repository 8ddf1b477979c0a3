import { expect, test } from "vitest";
import { createRendezvous } from "../../src/rpc/rendezvous.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a sender waits until its value was taken", async () => {
  const { send, values, close } = createRendezvous<number>();
  const sent: number[] = [];
  const sending = (async () => {
    for (const value of [1, 2, 3]) {
      await send(value);
      sent.push(value);
    }
    close();
  })();
  await settled();
  expect(sent).toEqual([]);
  const taken: number[] = [];
  for await (const value of values) {
    taken.push(value);
    await settled();
    // One is in the reader's hands; nothing is sent ahead of it.
    expect(sent.length).toBe(value - 1);
  }
  await sending;
  expect([taken, sent]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("values sent before the end arrive, however late the reader is", async () => {
  const { send, values, close } = createRendezvous<string>();
  void send("a");
  void send("b");
  close();
  const taken: string[] = [];
  for await (const value of values) taken.push(value);
  expect(taken).toEqual(["a", "b"]);
});

test("a reader that leaves keeps no sender waiting", async () => {
  const { send, values } = createRendezvous<number>();
  const sending = [send(1), send(2), send(3)];
  for await (const _ of values) break;
  await Promise.all(sending);
  await send(4);
});
