// A fixed piece of work that stays in the nearest caches and never changes: how quick this processor is at this moment. It does
// what a Check does besides waiting for memory (hash short texts, compare, branch) and shares no code with it, so a Check that becomes
// slower shows in the ratio on any machine.

const TEXTS = Array.from({ length: 64 }, (_, index) => `d${Math.imul(index + 1, 0x9e37_79b1).toString(16)}`);
const SLOTS = 256;
const table = new Int32Array(SLOTS);

/** What a pass does with each text; some 10 ns. */
const STEPS_PER_PASS = TEXTS.length;

/** 64 texts hashed, looked for and counted, as often as `passes` says. @returns what keeps it from being left out */
export function compute(passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    for (let step = 0; step < STEPS_PER_PASS; step += 1) {
      const text = TEXTS[(step * 7 + pass) & (STEPS_PER_PASS - 1)] as string;
      let hash = pass;
      for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
      const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
      const before = table[slot] as number;
      table[slot] = before + 1;
      if ((before & 3) === 0) sum = (sum + hash) | 0;
    }
  }
  return sum;
}
