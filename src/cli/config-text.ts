import { CONFIG_TABLE, type ConfigRow } from "../config.ts";

const HIDDEN = "(secret)";

/** All settings as they take effect, secrets left out. JSON's values: what was not given and has no default is null. */
export function configToJson(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(CONFIG_TABLE.map((row) => [row.name, shown(row, config[row.name])]));
}

/** A row each: the setting, and its value as JSON. */
export function configRows(config: Readonly<Record<string, unknown>>): readonly (readonly string[])[] {
  return Object.entries(configToJson(config)).map(([name, value]) => [
    name,
    value === null ? "-" : typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

function shown({ type }: ConfigRow, value: unknown): unknown {
  if (value === undefined) return null;
  if (type === "secret") return withoutPassword(String(value));
  return withoutSecrets(value);
}

/** Of a list of keys their ids stay, in their order: the first signs. */
function withoutSecrets(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return HIDDEN;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === "secret" ? HIDDEN : withoutSecrets(inner)]),
  );
}

/** Of a Postgres address who connects to what is worth seeing; of any other secret nothing. */
function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return HIDDEN;
  const url = new URL(text);
  if (!/^postgres(ql)?:$/.test(url.protocol)) return HIDDEN;
  if (url.password !== "") url.password = "secret";
  if (url.searchParams.has("password")) url.searchParams.set("password", "secret");
  return url.href;
}
