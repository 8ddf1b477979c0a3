/**
 * Hashes of ids and of integers, 32 bits. Ids are chosen by a tenant's users, so seed and factor are secret: random for each
 * graph. Both functions of ids give the same for the same characters; four at a time, since a multiplication waits for the
 * one before it.
 */
export interface HashSecret {
  readonly seed: number;
  /** Odd. */
  readonly factor: number;
}

export function hashText(text: string, type: number, secret: HashSecret): number {
  const { seed, factor } = secret;
  const length = text.length;
  let hash = seed ^ Math.imul(type + 1, 0x9e3779b1) ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const word =
      text.charCodeAt(i) |
      (text.charCodeAt(i + 1) << 8) |
      (text.charCodeAt(i + 2) << 16) |
      (text.charCodeAt(i + 3) << 24);
    hash = Math.imul(hash ^ word, factor);
    hash ^= hash >>> 15;
  }
  let rest = 0;
  for (; i < length; i++) rest = (rest << 8) | text.charCodeAt(i);
  return finish(hash ^ rest);
}

export function hashBytes(bytes: Uint8Array, start: number, end: number, type: number, secret: HashSecret): number {
  const { seed, factor } = secret;
  let hash = seed ^ Math.imul(type + 1, 0x9e3779b1) ^ (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    hash = Math.imul(hash ^ word, factor);
    hash ^= hash >>> 15;
  }
  let rest = 0;
  for (; i < end; i++) rest = (rest << 8) | (bytes[i] as number);
  return finish(hash ^ rest);
}

export function hashPair(a: number, b: number): number {
  const hash = Math.imul(a, 0x9e3779b1);
  return finish(hash ^ (hash >>> 15) ^ b);
}

export function hashTriple(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0x27d4eb2f);
  return finish(hash ^ (hash >>> 15) ^ c);
}

/** MurmurHash3's finalizer: every bit of the result depends on every bit that goes in. */
function finish(mixed: number): number {
  let hash = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
