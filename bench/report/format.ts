/** Three digits that mean something, two of them below one; thousands as wholes. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  if (size < 0.1 && size > 0) return size < 1e-6 ? value.toExponential(1) : value.toPrecision(2);
  return value.toFixed(size >= 10 ? 1 : 2);
}
