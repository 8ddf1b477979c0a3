/** Names of types that an expression may use as values, as in `type(x) == int`, with relata's own names for them. */
export const TYPE_NAMES: ReadonlyMap<string, string> = new Map([
  ..."bool int uint double string bytes list map type".split(" ").map((name) => [name, name] as const),
  ["null_type", "null"],
  ["google.protobuf.Timestamp", "timestamp"],
  ["google.protobuf.Duration", "duration"],
]);
