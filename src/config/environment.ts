import { isAbsolute, resolve } from "node:path";
import { parse } from "yaml";
import { editDistance } from "../model/edit-distance.ts";
import { closestName } from "./closest.ts";
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingType } from "./settings.ts";
import { isRecord } from "./source.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

/** A value that was given, and where, for messages. */
export interface Given {
  readonly value: unknown;
  /** A variable; undefined when it came from the file, where the line is known. */
  readonly from?: string;
}

/** Variables that belong to the command line client, not to the service. */
const OTHER_VARIABLES = ["RELATA_CONFIG"];

/** What may come from a file: secrets, and lists, which are awkward to quote in a variable. */
const FROM_FILE: ReadonlySet<SettingType> = new Set<SettingType>(["secret", "list"]);

/** Lists of keys, and what of each may come from a file of its own. */
const SECRET_OF_KEYS: Readonly<Partial<Record<SettingName, string>>> = { tokenKeys: "secret", auditKeys: "privateKey" };

export function fileVariable(variable: string): string {
  return `${variable}_FILE`;
}

export function mayComeFromFile(name: SettingName): boolean {
  return FROM_FILE.has(SETTINGS[name].type);
}

/** The value of a setting's variable, or of the file its `…_FILE` variable names. Throws Error with a public message. */
export function fromEnvironment(name: SettingName, env: Environment, readFile: ReadFile): Given | undefined {
  for (const variable of SETTINGS[name].env) {
    const value = env[variable];
    if (value !== undefined && value !== "") return { value: parseVariable(name, variable, value), from: variable };
    const path = mayComeFromFile(name) ? env[fileVariable(variable)] : undefined;
    if (path !== undefined && path !== "") {
      const text = readSecret(path, fileVariable(variable), readFile);
      return { value: parseVariable(name, fileVariable(variable), text), from: fileVariable(variable) };
    }
  }
  return undefined;
}

function parseVariable(name: SettingName, variable: string, value: string): unknown {
  if (/^tcp:\/\//.test(value) && SETTINGS[name].type === "number") {
    throw new Error(
      `${variable}: "${value}" looks like a Kubernetes service link; set \`enableServiceLinks: false\` on the pod`,
    );
  }
  if (SETTINGS[name].type !== "list") return value;
  try {
    return parse(value, { maxAliasCount: 100 });
  } catch {
    // The parser's own message would repeat the text, and with it a secret.
    throw new Error(`${variable}: expected a list as JSON or YAML`);
  }
}

/**
 * Variables that look like a misspelt setting. Others that begin with RELATA_ are left alone: Kubernetes makes such for
 * every service named `relata` (RELATA_SERVICE_HOST, RELATA_PORT_8080_TCP …).
 */
export function misspeltVariables(env: Environment): readonly string[] {
  const known = SETTING_NAMES.flatMap((name) =>
    SETTINGS[name].env.flatMap((variable) => (mayComeFromFile(name) ? [variable, fileVariable(variable)] : [variable])),
  );
  const problems: string[] = [];
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("RELATA_") || known.includes(variable) || OTHER_VARIABLES.includes(variable)) continue;
    const meant = closestName(variable, known);
    if (meant !== undefined && editDistance(variable, meant) <= 2) {
      problems.push(`${variable}: unknown variable; did you mean ${meant}?`);
    }
  }
  return problems;
}

/** Replaces `{ file: PATH }`, where a secret is expected, by the file's text. Paths are relative to `folder`. */
export function readFileForms(name: SettingName, value: unknown, folder: string, readFile: ReadFile): unknown {
  const load = (form: unknown, where: string): unknown => {
    if (!isRecord(form) || Object.keys(form).length !== 1 || typeof form["file"] !== "string") return form;
    const path = form["file"];
    return readSecret(isAbsolute(path) ? path : resolve(folder, path), where, readFile);
  };
  if (SETTINGS[name].type === "secret") return load(value, name);
  if (SETTINGS[name].type === "path") return typeof value === "string" ? resolve(folder, value) : value;
  const secret = SECRET_OF_KEYS[name];
  if (secret === undefined || !Array.isArray(value)) return value;
  return value.map((key: unknown, index) =>
    isRecord(key) && secret in key ? { ...key, [secret]: load(key[secret], `${name}[${index}].${secret}`) } : key,
  );
}

function readSecret(path: string, where: string, readFile: ReadFile): string {
  try {
    return readFile(path).replace(/\r?\n$/, "");
  } catch (error) {
    const why = isRecord(error) && typeof error["code"] === "string" ? error["code"] : "unreadable";
    throw new Error(`${where}: cannot read the file ${path} (${why})`);
  }
}
