/** A header's name in lower case, and its value; ASCII. */
export type HeaderField = readonly [name: string, value: string];

/** What RFC 7541 appendix A numbers, as far as a gRPC request needs it. */
const STATIC_FIELDS: Readonly<Record<string, number>> = { ":method: POST": 3, ":scheme: http": 6 };
const STATIC_NAMES: Readonly<Record<string, number>> = {
  ":authority": 1,
  ":path": 4,
  authorization: 23,
  "content-type": 31,
  "user-agent": 58,
};
const STATIC_ENTRIES = 61;
/** The table a peer grants where its SETTINGS say nothing else; an entry counts 32 bytes more than its text. */
const TABLE_BYTES = 4096;
const ENTRY_BYTES = 32;

/**
 * Header blocks of one connection, as a gRPC client's: what every request has alike is put into the peer's table and is one byte
 * from then on. Nothing is ever thrown out of the table; who sends more than it holds gets an error.
 */
export class HpackEncoder {
  readonly #varying: ReadonlySet<string>;
  readonly #entries: string[] = [];
  #bytes = 0;

  /** @param varying names of what differs between requests, such as a token per tenant: it is written out each time, and fills no table */
  constructor(varying: ReadonlySet<string> = new Set()) {
    this.#varying = varying;
  }

  encode(fields: readonly HeaderField[]): Buffer {
    return Buffer.concat(fields.map((field) => this.#encodeField(field)));
  }

  #encodeField([name, value]: HeaderField): Buffer {
    const text = `${name}: ${value}`;
    const fixed = STATIC_FIELDS[text];
    if (fixed !== undefined) return integer(fixed, 7, 0x80);
    if (this.#varying.has(name)) return withName(name, value, 4, 0);
    const known = this.#entries.indexOf(text);
    // The newest entry comes first after the static ones.
    if (known >= 0) return integer(STATIC_ENTRIES + this.#entries.length - known, 7, 0x80);
    this.#entries.push(text);
    this.#bytes += name.length + value.length + ENTRY_BYTES;
    if (this.#bytes > TABLE_BYTES)
      throw new Error(`the headers of this connection take more than ${TABLE_BYTES} bytes`);
    return withName(name, value, 6, 0x40);
  }
}

/** RFC 7541 §6.2: a literal with its name's number, if it has one. */
function withName(name: string, value: string, prefixBits: number, first: number): Buffer {
  const nameIndex = STATIC_NAMES[name];
  if (nameIndex !== undefined) return Buffer.concat([integer(nameIndex, prefixBits, first), literal(value)]);
  return Buffer.concat([Buffer.of(first), literal(name), literal(value)]);
}

/** RFC 7541 §5.2, without Huffman's code. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

/** RFC 7541 §5.1 */
function integer(value: number, prefixBits: number, first: number): Buffer {
  const max = 2 ** prefixBits - 1;
  if (value < max) return Buffer.of(first | value);
  const bytes = [first | max];
  let rest = value - max;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
