import { ANY, isOpen, join, type StaticType, simple } from "./static-type.ts";

/** One way to call a function: `string.contains(string): bool`. */
export interface Signature {
  readonly text: string;
  readonly target: string | undefined;
  readonly parameters: readonly string[];
  readonly result: string;
}

/** Functions and operators whose types need no variables; the others are in check-types.ts. */
const TEXT = `
_+_(int, int): int
_+_(uint, uint): uint
_+_(int, uint): int
_+_(uint, int): int
_+_(double, double): double
_+_(string, string): string
_+_(bytes, bytes): bytes
_+_(duration, duration): duration
_+_(timestamp, duration): timestamp
_+_(duration, timestamp): timestamp
_-_(int, int): int
_-_(uint, uint): uint
_-_(int, uint): int
_-_(uint, int): int
_-_(double, double): double
_-_(duration, duration): duration
_-_(timestamp, duration): timestamp
_-_(timestamp, timestamp): duration
_*_(int, int): int
_*_(uint, uint): uint
_*_(int, uint): int
_*_(uint, int): int
_*_(double, double): double
_/_(int, int): int
_/_(uint, uint): uint
_/_(int, uint): int
_/_(uint, int): int
_/_(double, double): double
_%_(int, int): int
_%_(uint, uint): uint
_%_(int, uint): int
_%_(uint, int): int
-_(int): int
-_(double): double
size(string): int
size(bytes): int
size(list): int
size(map): int
string.size(): int
bytes.size(): int
list.size(): int
map.size(): int
string.contains(string): bool
string.startsWith(string): bool
string.endsWith(string): bool
string.matches(string): bool
matches(string, string): bool
timestamp.getFullYear(): int
timestamp.getFullYear(string): int
timestamp.getMonth(): int
timestamp.getMonth(string): int
timestamp.getDate(): int
timestamp.getDate(string): int
timestamp.getDayOfMonth(): int
timestamp.getDayOfMonth(string): int
timestamp.getDayOfWeek(): int
timestamp.getDayOfWeek(string): int
timestamp.getDayOfYear(): int
timestamp.getDayOfYear(string): int
timestamp.getHours(): int
timestamp.getHours(string): int
timestamp.getMinutes(): int
timestamp.getMinutes(string): int
timestamp.getSeconds(): int
timestamp.getSeconds(string): int
timestamp.getMilliseconds(): int
timestamp.getMilliseconds(string): int
duration.getHours(): int
duration.getMinutes(): int
duration.getSeconds(): int
duration.getMilliseconds(): int
bool(bool): bool
bool(string): bool
bytes(bytes): bytes
bytes(string): bytes
double(double): double
double(int): double
double(uint): double
double(string): double
duration(duration): duration
duration(string): duration
duration(int): duration
int(int): int
int(uint): int
int(double): int
int(string): int
int(timestamp): int
int(duration): int
string(string): string
string(bool): string
string(int): string
string(uint): string
string(double): string
string(bytes): string
string(timestamp): string
string(duration): string
timestamp(timestamp): timestamp
timestamp(string): timestamp
timestamp(int): timestamp
uint(uint): uint
uint(int): uint
uint(double): uint
uint(string): uint
dyn(any): any
type(any): type
ipaddress.in_cidr(string): bool
map.isSubtreeOf(map): bool
`;

export const SIGNATURES: ReadonlyMap<string, readonly Signature[]> = parseSignatures(TEXT);

/** What people can write by name, macros too. */
export const FUNCTION_NAMES: readonly string[] = [
  ...[...SIGNATURES.keys()].filter((name) => /^[a-z]/i.test(name)),
  ..."has all exists exists_one map filter".split(" "),
];

/** The result of a call with these arguments; undefined when no signature takes them. */
export function resultOfCall(
  signatures: readonly Signature[],
  target: StaticType | undefined,
  given: readonly StaticType[],
): StaticType | undefined {
  const fitting = signatures.filter(
    (signature) =>
      (signature.target === undefined) === (target === undefined) &&
      (target === undefined || takes(signature.target ?? "", target)) &&
      signature.parameters.length === given.length &&
      signature.parameters.every((parameter, index) => takes(parameter, given[index] ?? ANY)),
  );
  const results = fitting.map(({ result }) => simple(result));
  // With open arguments several may fit, and they may give different types.
  return results.reduce<StaticType | undefined>((all, result) => (all && join(all, result)) ?? ANY, results[0]);
}

function takes(parameter: string, given: StaticType): boolean {
  return parameter === "any" || isOpen(given) || parameter === given.name;
}

function parseSignatures(text: string): ReadonlyMap<string, readonly Signature[]> {
  const found = new Map<string, Signature[]>();
  for (const line of text.trim().split("\n")) {
    const [, target, name = "", parameters = "", result = ""] =
      /^(?:([a-z]+)\.)?([^(]+)\(([^)]*)\): ([a-z]+)$/.exec(line) ?? [];
    const signature = { text: line, target, parameters: parameters.split(", ").filter(Boolean), result };
    found.set(name, [...(found.get(name) ?? []), signature]);
  }
  return found;
}
