/** The first number from `from` on that shares no factor with `n`: steps of it visit every number below `n` once. */
export function coprimeTo(n: number, from: number): number {
  let step = from;
  while (gcd(step, n) !== 1) step += 1;
  return step % n || 1;
}

/** The inverse of `step` modulo `n`. */
export function inverseOf(step: number, n: number): number {
  let [before, rest, x, y] = [n, step % n, 0, 1];
  while (rest > 0) {
    const quotient = Math.floor(before / rest);
    [before, rest] = [rest, before - quotient * rest];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % n) + n) % n;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** A number below `below` that depends on both others and looks as if it did not. */
export function scatter(index: number, salt: number, below: number): number {
  return mix32((Math.imul(index, 0x9e37_79b1) ^ mix32(salt)) | 0) % below;
}

/** A bijection of the 32-bit numbers (the finalizer of MurmurHash3). */
export function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Every number below `n` once, in an order that leaps through all of them. */
export function* leapingTo(n: number): Iterable<number> {
  const step = coprimeTo(n, 611_953);
  let place = 0;
  for (let count = 0; count < n; count += 1) {
    yield place;
    place = (place + step) % n;
  }
}
