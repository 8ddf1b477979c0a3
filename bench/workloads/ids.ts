import { mix32 } from "./arithmetic.ts";

/** The id of the thing with a number below 2³². */
export type Namer = (number: number) => string;

/**
 * Ids of 13 characters (a letter and twelve hexadecimal digits), which lie scattered: the number in an id's first eight digits
 * is another one for each thing, and tells nothing of its neighbours.
 */
export function namer(letter: string, kind: number, seed: number): Namer {
  const [salt, other] = [mix32(seed * 8 + kind), mix32(seed * 8 + kind + 0x5bd1_e995)];
  return (number) => {
    const first = mix32((number ^ salt) | 0);
    const second = mix32((number ^ other) | 0) >>> 16;
    return letter + first.toString(16).padStart(8, "0") + second.toString(16).padStart(4, "0");
  };
}

/** The id of a thing by its block and its number there. */
export type BlockNamer = (block: number, number: number) => string;

export function inBlocks(name: Namer, perBlock: number): BlockNamer {
  return (block, number) => name(block * perBlock + number);
}

/** The same, but a block knows each number from another block than the rest: who is together in one comes from everywhere. */
export function fromFarBlocks(name: Namer, perBlock: number, blocks: number): BlockNamer {
  return (block, number) => name(((block + 37 * (number + 1)) % blocks) * perBlock + number);
}
