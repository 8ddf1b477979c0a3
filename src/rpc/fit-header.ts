/**
 * gRPC sends an error's message in trailers, percent-encoded, and once more in `grpc-status-details-bin`. Clients on
 * grpc-core refuse trailers of more than 8 KiB in all, so a longer message is cut.
 */
const MAX_MESSAGE_BYTES = 2000;

export function fitHeader(message: string): string {
  const bytes = Buffer.from(message);
  // What quotes a caller's text may have cut a character in two, which percent-encoding throws at.
  if (bytes.length <= MAX_MESSAGE_BYTES) return message.toWellFormed();
  // A character cut in two decodes to a replacement character, which goes with it.
  const cut = bytes.toString("utf8", 0, MAX_MESSAGE_BYTES - 3).replace(/\uFFFD+$/, "");
  return `${cut}…`;
}
