import { leapingTo } from "./arithmetic.ts";

/** Every (block, number) once, in an order that leaps through all of them. */
export function* scattered(blocks: number, perBlock: number): Iterable<readonly [block: number, number: number]> {
  for (const place of leapingTo(blocks * perBlock)) yield [Math.floor(place / perBlock), place % perBlock];
}
