const VARINT = 0;
const FIXED_64 = 1;
const SIZED = 2;
const FIXED_32 = 5;

/**
 * A field of numbers at the top of a message of protobuf, without decoding the rest: of several the last one counts, as for every reader.
 * @returns undefined where there is no message, or bytes that are none
 */
export function varintOf(message: Uint8Array | undefined, field: number): number | undefined {
  if (message === undefined) return undefined;
  const reader = { message, at: 0 };
  let found = 0;
  while (reader.at < message.length) {
    const tag = readVarint(reader);
    if (tag % 8 === VARINT) {
      const value = readVarint(reader);
      if (Math.floor(tag / 8) === field) found = value;
    } else {
      // Reads on by itself: what is behind it is added afterwards.
      const size = bytesOf(tag % 8, reader);
      reader.at += size;
    }
    // NaN as well: a tag or a length that is cut off.
    if (!(reader.at <= message.length)) return undefined;
  }
  return Number.isNaN(found) ? undefined : found;
}

interface Reader {
  readonly message: Uint8Array;
  at: number;
}

/** @returns NaN where the kind of field is unknown */
function bytesOf(kind: number, reader: Reader): number {
  if (kind === SIZED) return readVarint(reader);
  return kind === FIXED_64 ? 8 : kind === FIXED_32 ? 4 : Number.NaN;
}

/** Exact up to 2^53. @returns NaN where it is cut off */
function readVarint(reader: Reader): number {
  for (let [value, scale] = [0, 1]; reader.at < reader.message.length; scale *= 128) {
    const byte = reader.message[reader.at++] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  return Number.NaN;
}
