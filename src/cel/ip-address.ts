/** An address as one number, so that a network is a shift away. Version 4 and 6 never match each other, not even mapped. */
export class IpAddress {
  readonly bits: 32 | 128;
  readonly number: bigint;

  constructor(bits: 32 | 128, number: bigint) {
    this.bits = bits;
    this.number = number;
  }

  equals(other: IpAddress): boolean {
    return this.bits === other.bits && this.number === other.number;
  }
}

export interface Network {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** `10.0.0.1` or `2001:db8::1`; undefined for anything else. No zones, no leading zeros in version 4. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > 45) {
    return undefined;
  }
  const number = text.includes(":") ? parseVersion6(text) : parseVersion4(text);
  return number === undefined ? undefined : new IpAddress(text.includes(":") ? 128 : 32, number);
}

/** `10.0.0.0/8` or `2001:db8::/32`; bits of the host may be set and are ignored. */
export function parseNetwork(text: string): Network | undefined {
  const [, host = "", length = ""] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const address = parseIpAddress(host);
  const prefixLength = Number(length);
  return address === undefined || prefixLength > address.bits ? undefined : { address, prefixLength };
}

export function networkContains({ address, prefixLength }: Network, other: IpAddress): boolean {
  const shift = BigInt(address.bits - prefixLength);
  return address.bits === other.bits && address.number >> shift === other.number >> shift;
}

function parseVersion4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return parts.reduce((number, part) => (number << 8n) | BigInt(part), 0n);
}

function parseVersion6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) {
    return undefined;
  }
  const [before, after] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (before === undefined || (halves.length === 2 && after === undefined)) {
    return undefined;
  }
  const written = before.length + (after?.length ?? 0);
  // "::" stands for at least one group.
  if (halves.length === 2 ? written > 7 : written !== 8) {
    return undefined;
  }
  const groups = [...before, ...new Array<bigint>(8 - written).fill(0n), ...(after ?? [])];
  return groups.reduce((number, group) => (number << 16n) | group, 0n);
}

/** The groups of one side of `::`; the last two may be written as a version 4 address. */
function groupsOf(half: string, isLast: boolean): readonly bigint[] | undefined {
  if (half === "") {
    return [];
  }
  const groups: bigint[] = [];
  const parts = half.split(":");
  for (const [index, part] of parts.entries()) {
    if (isLast && index === parts.length - 1 && part.includes(".")) {
      const tail = parseVersion4(part);
      if (tail === undefined) {
        return undefined;
      }
      groups.push(tail >> 16n, tail & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return groups;
}
