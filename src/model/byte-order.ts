/**
 * Order of the UTF-8 bytes, like Postgres's COLLATE "C": the order of every scan, page and list. JavaScript's own `<`
 * compares UTF-16 units, where what lies above U+FFFF comes before U+E000.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates, which make up all that lies above U+FFFF, behind everything else. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
