/** What a terminal would obey instead of show: control characters, and those that turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text that somebody else wrote, on one line. */
export function printable(text: string): string {
  return text.replace(/\s+/g, " ").trim().replace(UNPRINTABLE, "�");
}
