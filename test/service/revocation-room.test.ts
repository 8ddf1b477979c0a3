import { expect, test } from "vitest";
import { CLIENTS_SHARE, requireRevocationRoom } from "../../src/service/revocation-room.ts";

const room = (revocations: number) => ({ trust: { stats: () => ({ revocations }) }, maxRevocations: 1_000 });
const reasonOf = (revocations: number, share?: number) => {
  try {
    requireRevocationRoom(room(revocations), share);
    return "room";
  } catch (error) {
    return (error as { readonly reason: string }).reason;
  }
};

test("there is room up to the last revocation, and for clients of the token service up to their share", () => {
  expect([reasonOf(0), reasonOf(999), reasonOf(1_000), reasonOf(5_000)]).toEqual([
    "room",
    "room",
    "TOO_MANY_REVOCATIONS",
    "TOO_MANY_REVOCATIONS",
  ]);
  expect([reasonOf(799, CLIENTS_SHARE), reasonOf(800, CLIENTS_SHARE)]).toEqual(["room", "TOO_MANY_REVOCATIONS"]);
});
