import type { TokenPosition } from "../model/consistency.ts";

/** Tenant id 16, revision 8, schema version 4 bytes. */
export const POSITION_BYTES = 28;

export function writePosition(position: TokenPosition): Buffer {
  const bytes = Buffer.alloc(POSITION_BYTES);
  bytes.write(position.tenantId.replaceAll("-", ""), 0, 16, "hex");
  bytes.writeBigUInt64BE(BigInt(position.revision), 16);
  bytes.writeUInt32BE(position.schemaVersion, 24);
  return bytes;
}

/** Only for bytes whose seal was checked. */
export function readPosition(bytes: Uint8Array): TokenPosition {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hex = view.toString("hex", 0, 16);
  return {
    tenantId: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-"),
    revision: Number(view.readBigUInt64BE(16)),
    schemaVersion: view.readUInt32BE(24),
  };
}
