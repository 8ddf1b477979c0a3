import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  type Environment,
  fromEnvironment,
  type Given,
  misspeltVariables,
  type ReadFile,
  readFileForms,
} from "./config/environment.ts";
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues } from "./config/settings.ts";
import { type ConfigSource, type Path, parseSource } from "./config/source.ts";
import { readTlsFiles, tlsDisagreements, tlsFilesOf } from "./config/tls-files.ts";
import { unknownKeys } from "./config/trust-settings.ts";
import { RelataError } from "./errors.ts";

/** The settings of a service; frozen, all the way down. */
export type Config = Settings<RequiredSetting>;

const REQUIRED = ["databaseUrl", "tokenKeys", "issuers"] as const satisfies readonly SettingName[];
type RequiredSetting = (typeof REQUIRED)[number];

/** Settings of which only `K` are sure to be there; those with a default always are. */
export type Settings<K extends SettingName> = Pick<SettingValues, K | SettingWithDefault> & {
  readonly [N in SettingName]?: SettingValues[N] | undefined;
};

type SettingWithDefault = {
  [N in SettingName]: (typeof SETTINGS)[N]["default"] extends undefined ? never : N;
}[SettingName];

export interface ConfigInput {
  /** Path of a YAML file. With `text` it is only its name in messages and where relative paths start. */
  readonly file?: string;
  /** The YAML itself. */
  readonly text?: string;
  /** Wins over the file. */
  readonly env: Environment;
  readonly readFile?: ReadFile;
}

/** One row of the table in the README, which is generated from this. */
export interface ConfigRow {
  readonly name: string;
  readonly env: readonly string[];
  readonly type: string;
  readonly default: string | number | undefined;
  readonly unit: string;
  readonly meaning: string;
}

export const CONFIG_TABLE: readonly ConfigRow[] = SETTING_NAMES.map((name) => {
  const { schema: _, ...row } = SETTINGS[name];
  return { name, ...row };
});

/**
 * Everything `relata serve` needs. Security settings have no default: without keys, issuers, audiences or a database
 * the start stops.
 * @throws RelataError INVALID_CONFIG, whose message lists every problem at once, one a line, each with file and line
 * or variable.
 */
export function loadConfig(input: ConfigInput): Config {
  return loadSettings(input, REQUIRED);
}

/** The same for a command that needs less; a setting that is present is checked all the same. */
export function loadSettings<K extends SettingName>(input: ConfigInput, required: readonly K[]): Settings<K> {
  const readFile = input.readFile ?? ((path: string) => readFileSync(path, "utf8"));
  const problems: string[] = [];
  const source = readSource(input, readFile, problems);
  problems.push(...misspeltVariables(input.env));
  const values: Record<string, unknown> = {};
  const variables = new Map<unknown, string>();
  for (const name of SETTING_NAMES) {
    const value = readSetting(name, input, source, readFile, problems);
    if (value.kind === "set") {
      values[name] = value.value;
      if (value.from !== undefined) variables.set(name, value.from);
    }
    // What a file that cannot be parsed would have set is unknown, not missing.
    else if (value.kind === "absent" && source.problems.length === 0 && required.some((other) => other === name))
      problems.push(missing(name));
  }
  const locate: Locate = (path) => variables.get(path[0]) ?? source.locate(path);
  problems.push(...disagreements(values as Partial<SettingValues>, locate));
  problems.push(...tlsProblems(values as Partial<SettingValues>, locate, readFile));
  if (problems.length > 0) throw invalid(problems);
  return deepFreeze(values) as Settings<K>;
}

function readSource(input: ConfigInput, readFile: ReadFile, problems: string[]): ConfigSource {
  const name = input.file ?? "configuration";
  let text = input.text ?? "";
  if (input.text === undefined && input.file !== undefined) {
    try {
      text = readFile(input.file);
    } catch (cause) {
      const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
      throw invalid([`cannot read the configuration file ${input.file} (${why})`], cause);
    }
  }
  const source = parseSource(text, name);
  problems.push(...source.problems);
  for (const key of Object.keys(source.data)) {
    if (!Object.hasOwn(SETTINGS, key)) problems.push(`${source.locate([key])}: ${unknownKeys([key], SETTING_NAMES)}`);
  }
  return source;
}

type Reading =
  | { readonly kind: "set"; readonly value: unknown; readonly from: string | undefined }
  | { readonly kind: "absent" }
  | { readonly kind: "bad" };

function readSetting(
  name: SettingName,
  input: ConfigInput,
  source: ConfigSource,
  readFile: ReadFile,
  problems: string[],
): Reading {
  let given: Given | undefined;
  try {
    given = fromEnvironment(name, input.env, readFile) ?? fromFile(name, input, source, readFile);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    return { kind: "bad" };
  }
  const fallback = SETTINGS[name].default;
  const value = given?.value ?? (fallback === "[]" ? [] : fallback);
  if (value === undefined) return { kind: "absent" };
  const parsed = SETTINGS[name].schema.safeParse(value);
  if (parsed.success) return { kind: "set", value: parsed.data, from: given?.from };
  for (const issue of parsed.error.issues) {
    const path: Path = [name, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
    const where = given === undefined ? "default" : (given.from ?? source.locate(path));
    problems.push(`${where}: ${formatPath(path)}: ${issue.message}`);
  }
  return { kind: "bad" };
}

function fromFile(name: SettingName, input: ConfigInput, source: ConfigSource, readFile: ReadFile): Given | undefined {
  const value = source.data[name];
  if (value === undefined || value === null) return undefined;
  const folder = input.file === undefined ? "." : dirname(resolve(input.file));
  try {
    return { value: readFileForms(name, value, folder, readFile) };
  } catch (error) {
    throw new Error(`${source.locate([name])}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The variable that a setting came from, or its line in the file. */
type Locate = ConfigSource["locate"];

/** Settings that are right by themselves but not together. */
function disagreements(values: Partial<SettingValues>, locate: Locate): readonly string[] {
  const problems: string[] = [];
  const { defaultDeadlineMs = 0, maxDeadlineMs = Number.POSITIVE_INFINITY } = values;
  if (defaultDeadlineMs > maxDeadlineMs) {
    problems.push(
      `${locate(["defaultDeadlineMs"])}: defaultDeadlineMs (${defaultDeadlineMs}) is above maxDeadlineMs (${maxDeadlineMs})`,
    );
  }
  problems.push(...sharedPorts(values, locate));
  const { maxStalenessMs = 0, readableWindowMs = Number.POSITIVE_INFINITY } = values;
  if (maxStalenessMs > readableWindowMs) {
    problems.push(
      `${locate(["maxStalenessMs"])}: maxStalenessMs (${maxStalenessMs}) is above readableWindowMs (${readableWindowMs})`,
    );
  }
  if (values.issuers?.some(({ issuer }) => issuer === values.tokenService?.issuer) === true) {
    problems.push(
      `${locate(["tokenService", "issuer"])}: tokenService.issuer is one of \`issuers\` too; nobody else may sign for relata's own`,
    );
  }
  if (values.issuers !== undefined) {
    const known = new Set(values.issuers.map(({ issuer }) => issuer));
    for (const [index, binding] of (values.bindings ?? []).entries()) {
      if (known.has(binding.issuer)) continue;
      problems.push(
        `${locate(["bindings", index, "issuer"])}: bindings[${index}].issuer: "${binding.issuer}" is not one of \`issuers\``,
      );
    }
  }
  return problems;
}

function tlsProblems(
  values: Partial<SettingValues>,
  locate: Locate,
  readFile: (path: string) => string,
): readonly string[] {
  const files = tlsFilesOf(values);
  const reading = files && readTlsFiles(files, readFile);
  const problems = [...tlsDisagreements(values), ...(reading?.kind === "bad" ? reading.problems : [])];
  return problems.map(({ setting, problem }) => `${locate([setting])}: ${setting}: ${problem}`);
}

function sharedPorts(values: Partial<SettingValues>, locate: Locate): readonly string[] {
  const ports = [
    { setting: "grpcPort", port: values.grpcPort, host: values.grpcHost },
    { setting: "httpPort", port: values.httpPort, host: values.httpHost },
    { setting: "opsPort", port: values.opsPort, host: values.opsHost },
  ] as const;
  return ports.flatMap(({ setting, port, host }, index) => {
    const other = ports.slice(0, index).find((earlier) => earlier.port === port && earlier.host === host);
    if (port === undefined || port === 0 || other === undefined) return [];
    return `${locate([setting])}: ${other.setting} and ${setting} are both ${port}; each needs its own`;
  });
}

function missing(name: SettingName): string {
  const variables = SETTINGS[name].env.join(" or ");
  return `${name} is missing and has no default: ${SETTINGS[name].meaning} Set it in the configuration file or in ${variables}.`;
}

function invalid(problems: readonly string[], cause?: unknown): RelataError {
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new RelataError(
    "INVALID_CONFIG",
    `The configuration has ${count}:\n${problems.map((p) => `  ${p}`).join("\n")}`,
    {
      cause,
    },
  );
}

/** `issuers[0].audiences` */
function formatPath(path: Path): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

function deepFreeze<T>(value: T): T {
  // Bytes cannot be frozen.
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
