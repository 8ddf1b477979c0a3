/** What was typed makes no bench. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
