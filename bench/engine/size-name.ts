const SIZE_NAMES: Readonly<Record<number, string>> = {
  100000: "100k",
  1000000: "1m",
  10000000: "10m",
  100000000: "100m",
};

/** Of so many tuples, as it stands in the names of figures. */
export function sizeName(tuples: number): string {
  return SIZE_NAMES[tuples] ?? String(tuples);
}
