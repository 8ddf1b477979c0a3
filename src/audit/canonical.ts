/**
 * RFC 8785, JSON Canonicalization Scheme: equal values, equal bytes. Members are sorted by the UTF-16 code units of their
 * names (§3.2.3), numbers and strings are written as ECMAScript does (§3.2.2), without white space, as UTF-8.
 * @throws TypeError for what JSON cannot say: NaN, infinities, halves of surrogate pairs, functions.
 */
export function canonicalBytes(value: unknown): Buffer {
  return Buffer.from(canonicalText(value), "utf8");
}

/** The same as text. Members that are undefined are left out, as JSON.stringify does. */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return canonicalString(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be said in JSON`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
      return canonicalObject(value);
    default:
      throw new TypeError(`a ${typeof value} cannot be said in JSON`);
  }
}

function canonicalObject(value: object): string {
  const members: string[] = [];
  // Without a comparison of its own, sort goes by UTF-16 code units.
  for (const name of Object.keys(value).sort()) {
    const member: unknown = value[name as keyof typeof value];
    if (member !== undefined) members.push(`${canonicalString(name)}:${canonicalText(member)}`);
  }
  return `{${members.join(",")}}`;
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError("half of a surrogate pair cannot be said in UTF-8");
  return JSON.stringify(text);
}
