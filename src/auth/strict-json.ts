/** Members of a JSON object. A Map, so that `constructor` or `__proto__` are claims like any other. */
export type JsonMembers = ReadonlyMap<string, unknown>;

export type StrictJson =
  | { readonly kind: "object"; readonly members: JsonMembers }
  | { readonly kind: "invalid" }
  | { readonly kind: "duplicate"; readonly key: string };

// A byte order mark is kept, so that it is a syntax error and not skipped.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON object from UTF-8. Invalid UTF-8 and a member named twice, at any depth, are errors: JSON.parse keeps the
 * last of two, other readers the first, and a token must mean one thing (RFC 7515 §4, RFC 8725 §2.4).
 */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return { kind: "invalid" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { kind: "invalid" };
  const key = duplicateKey(text);
  if (key !== undefined) return { kind: "duplicate", key };
  return { kind: "object", members: new Map(Object.entries(value)) };
}

/** The first key that an object of this valid JSON text names twice. Keys are compared after unescaping. */
function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(undefined);
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      // in valid JSON a string before a colon is a key
      if (colonFollows(text, end)) {
        const key = String(JSON.parse(text.slice(at, end)));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The position after the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

function colonFollows(text: string, at: number): boolean {
  let next = at;
  while (text[next] === " " || text[next] === "\n" || text[next] === "\r" || text[next] === "\t") next += 1;
  return text[next] === ":";
}
