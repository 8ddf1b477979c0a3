import type { JsonObject, JsonValue } from "../../src/model/tuple.ts";
import type { Random } from "./random.ts";
import { pick, upTo } from "./random.ts";

/** What a caveat comes to. `names` are the values that are missing and matter; `failed`: some value cannot be worked with. */
export type Verdict = boolean | { readonly names: readonly string[]; readonly failed: boolean };

/** The judge of caveats: in random worlds the twins below, never the project's own CEL. */
export type CaveatJudge = (name: string, written: JsonObject, request: JsonObject) => Verdict;

interface Template {
  readonly parameters: readonly ParameterName[];
  readonly expression: string;
  /** Can be beyond evaluation with values of the right types. */
  readonly fallible?: true;
  readonly twin: (values: Values) => Verdict;
}

type Values = { readonly [name: string]: JsonValue | undefined };

/** One meaning per name: a request's context serves all caveats. */
const PARAMETERS = {
  amount: { type: "int", values: [1, 2, 5] },
  cap: { type: "int", values: [1, 3] },
  n: { type: "int", values: [2, 9, -4] },
  d: { type: "int", values: [0, 3, 2] },
  tag: { type: "string", values: ["red", "blue", ""] },
  tags: { type: "list<string>", values: [[], ["red"], ["blue", "green"]] },
  a: { type: "bool", values: [true, false] },
  b: { type: "bool", values: [true, false] },
  ip: { type: "ipaddress", values: ["10.1.2.3", "192.168.0.1", "10.255.0.0"] },
  net: { type: "string", values: ["10.0.0.0/8", "192.168.0.0/16", "0.0.0.0/0"] },
  attributes: { type: "map<string>", values: [{}, { dept: "yes" }, { dept: "no", role: "yes" }] },
  key: { type: "string", values: ["dept", "role"] },
  at: { type: "timestamp", values: ["2030-01-01T00:00:00Z", "2031-06-01T12:00:00+02:00"] },
  deadline: { type: "timestamp", values: ["2030-06-01T00:00:00Z", "2031-06-01T10:00:00Z"] },
} satisfies Record<string, { type: string; values: readonly JsonValue[] }>;
type ParameterName = keyof typeof PARAMETERS;

/** Of no parameter's type. */
const WRONG: JsonValue = { wrong: true };

export const TEMPLATES = {
  within: {
    parameters: ["amount", "cap"],
    expression: "amount <= cap",
    twin: strict(["amount", "cap"], ([amount, cap]) => Number(amount) <= Number(cap)),
  },
  tagged: {
    parameters: ["tag", "tags"],
    expression: "tag in tags",
    twin: strict(["tag", "tags"], ([tag, tags]) => Array.isArray(tags) && tags.includes(tag)),
  },
  either: {
    parameters: ["a", "b"],
    expression: "a || b",
    twin: or(
      strict(["a"], ([a]) => a === true),
      strict(["b"], ([b]) => b === true),
    ),
  },
  only_a: {
    parameters: ["a", "b"],
    expression: "a && !b",
    twin: and(
      strict(["a"], ([a]) => a === true),
      strict(["b"], ([b]) => b === false),
    ),
  },
  chain: {
    parameters: ["amount", "n", "d"],
    expression: "amount == 1 && n == 2 || d == 3",
    twin: or(
      and(
        strict(["amount"], ([amount]) => amount === 1),
        strict(["n"], ([n]) => n === 2),
      ),
      strict(["d"], ([d]) => d === 3),
    ),
  },
  from_net: {
    parameters: ["ip", "net"],
    expression: "ip.in_cidr(net)",
    twin: strict(["ip", "net"], ([ip, net]) => isIn(String(ip), String(net))),
  },
  keyed: {
    parameters: ["attributes", "key"],
    expression: 'key in attributes && attributes[key] == "yes"',
    twin: strict(["attributes", "key"], ([attributes, key]) => valueAt(attributes, key) === "yes"),
  },
  before: {
    parameters: ["at", "deadline"],
    expression: "at < deadline",
    twin: strict(["at", "deadline"], ([at, deadline]) => Date.parse(String(at)) < Date.parse(String(deadline))),
  },
  ratio: {
    parameters: ["n", "d"],
    expression: "n / d > 1",
    fallible: true,
    twin: strict(["n", "d"], ([n, d]) => (d === 0 ? undefined : Math.trunc(Number(n) / Number(d)) > 1)),
  },
  strictly_keyed: {
    parameters: ["attributes", "key"],
    expression: 'attributes[key] == "yes"',
    fallible: true,
    twin: strict(["attributes", "key"], ([attributes, key]) => {
      const value = valueAt(attributes, key);
      return value === undefined ? undefined : value === "yes";
    }),
  },
} satisfies Record<string, Template>;

const templates: Readonly<Record<string, Template>> = TEMPLATES;

/** A value of the wrong type spoils the caveat, whether or not it matters; a written value is never of the wrong type. */
export const judgeByTwin: CaveatJudge = (name, written, request) => {
  const template = templateOf(name);
  const values = Object.fromEntries(
    template.parameters.map((parameter) => [parameter, written[parameter] ?? request[parameter]]),
  );
  if (Object.values(values).some(isWrong)) return { names: [], failed: true };
  return template.twin(values);
};

export function printCaveat(name: string): string {
  const { parameters, expression } = templateOf(name);
  const list = parameters.map((parameter) => `${parameter} ${PARAMETERS[parameter].type}`).join(", ");
  return `caveat ${name}(${list}) {\n  ${expression}\n}`;
}

export function caveatNames(withFailures: boolean): readonly string[] {
  return Object.keys(templates).filter((name) => withFailures || templates[name]?.fallible !== true);
}

/** Some of a caveat's parameters, as a tuple carries them. */
export function randomWritten(random: Random, name: string): JsonObject {
  const share = pick(random, [0, 0, 0.5, 1]);
  return randomValues(
    random,
    templateOf(name).parameters.filter(() => random() < share),
  );
}

/** Nothing, everything, something; with keys nobody knows; rarely with a value of the wrong type. */
export function randomContext(random: Random, withFailures: boolean): JsonObject {
  const share = pick(random, [0, 0, 0.3, 0.6, 1]);
  const names = (Object.keys(PARAMETERS) as ParameterName[]).filter(() => random() < share);
  const values = randomValues(random, names);
  const stranger = random() < 0.2 ? { nobody_knows: "this" } : {};
  const wrong = withFailures && names.length > 0 && random() < 0.1 ? { [pick(random, names)]: WRONG } : {};
  return { ...values, ...stranger, ...wrong };
}

function randomValues(random: Random, names: readonly ParameterName[]): JsonObject {
  // A zero divisor and the like are there often enough at every third draw.
  return Object.fromEntries(
    names.map((name) => {
      const values: readonly JsonValue[] = PARAMETERS[name].values;
      return [name, values[upTo(random, values.length - 1)] ?? null];
    }),
  );
}

function templateOf(name: string): Template {
  const template = templates[name];
  if (template === undefined) throw new Error(`no caveat template ${name}`);
  return template;
}

/** Undecided as long as any of the values is missing. `decide` returns undefined for values it cannot work with. */
function strict(
  names: readonly ParameterName[],
  decide: (values: readonly (JsonValue | undefined)[]) => boolean | undefined,
): (values: Values) => Verdict {
  return (values) => {
    const missing = names.filter((name) => values[name] === undefined);
    if (missing.length > 0) return { names: missing, failed: false };
    return decide(names.map((name) => values[name])) ?? { names: [], failed: true };
  };
}

function or(...parts: readonly ((values: Values) => Verdict)[]): (values: Values) => Verdict {
  return (values) => {
    const verdicts = parts.map((part) => part(values));
    return verdicts.includes(true) || undecided(verdicts);
  };
}

function and(...parts: readonly ((values: Values) => Verdict)[]): (values: Values) => Verdict {
  return (values) => {
    const verdicts = parts.map((part) => part(values));
    if (verdicts.includes(false)) return false;
    return undecided(verdicts) || true;
  };
}

/** False when all are decided. */
function undecided(verdicts: readonly Verdict[]): Verdict {
  const open = verdicts.filter((verdict) => typeof verdict !== "boolean");
  if (open.length === 0) return false;
  return { names: open.flatMap(({ names }) => names), failed: open.some(({ failed }) => failed) };
}

function isIn(ip: string, net: string): boolean {
  const [base = "", bits = "0"] = net.split("/");
  const size = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(ip) / size) === Math.floor(numberOf(base) / size);
}

function numberOf(ip: string): number {
  return ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function valueAt(map: JsonValue | undefined, key: JsonValue | undefined): JsonValue | undefined {
  return Object.entries(map ?? {}).find(([name]) => name === key)?.[1];
}

function isWrong(value: JsonValue | undefined): boolean {
  return JSON.stringify(value) === JSON.stringify(WRONG);
}
