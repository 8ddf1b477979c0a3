// What memory alone allows, measured where the engine is measured: in the same process, between stretches of its Checks, over arrays
// of the graph's own size. No program that looks something up in so much memory is quicker than these loops.

/** Bytes that come from memory together. */
const LINE_BYTES = 64;
const LINE_INTS = LINE_BYTES / 4;
/** Far beyond any cache; a larger array would only add to the misses of the page tables. */
const MOST_BYTES = 512 * 1024 ** 2;
/** Below, the array is in the cache nearest to the core and there is nothing to measure. */
const LEAST_BYTES = 64 * 1024;

export interface MemoryKernels {
  /** Of the array that is read. */
  readonly bytes: number;
  /** Reads so many lines, each at a place that only the one before tells: they cannot overlap. @returns what keeps them from being left out */
  readonly readRandomly: (reads: number) => number;
  /** Reads the array from its beginning on, around and around. @returns as above */
  readonly scan: (bytes: number) => number;
}

/** @param footprint bytes of the graph that the kernels stand beside */
export function openMemoryKernels(footprint: number): MemoryKernels {
  const lines = Math.floor(Math.min(MOST_BYTES, Math.max(LEAST_BYTES, footprint)) / LINE_BYTES);
  // Written, since pages that were never written are all the same page of zeros, which stays in the cache.
  const words = new Int32Array(lines * LINE_INTS).fill(1);
  const bytes = Buffer.from(words.buffer);
  let state = 1;
  let from = 0;
  return {
    bytes: bytes.length,
    readRandomly(reads) {
      let at = state;
      for (let read = 0; read < reads; read += 1) {
        // The generator of Numerical Recipes; its increment is the word that was read, so the next place waits for it.
        at = (Math.imul(at, 1_664_525) + 1_013_904_222 + (words[lineOf(at, lines) * LINE_INTS] as number)) | 0;
      }
      state = at;
      return at;
    },
    scan(wanted) {
      let found = 0;
      for (let left = wanted; left > 0; ) {
        const length = Math.min(left, bytes.length - from);
        // Looks for a byte that is not there, by memchr: the processor's widest reads.
        found += bytes.subarray(from, from + length).indexOf(ABSENT_BYTE);
        from = (from + length) % bytes.length;
        left -= length;
      }
      return found;
    },
  };
}

const ABSENT_BYTE = 0xff;

/** A line by the upper bits of a number, which are the random ones. */
function lineOf(at: number, lines: number): number {
  return ((at >>> 0) * lines * 2 ** -32) | 0;
}
