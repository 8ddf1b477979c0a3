import type { JsonObject } from "@bufbuild/protobuf";
import { badInput } from "./exit.ts";

/** A JSON object given on the command line. @throws CliError that names the flag. */
export function parseJsonObject(text: string, flag: string): JsonObject {
  const expected = { where: flag, hint: `write a JSON object in single quotes: ${flag} '{"key": "value"}'` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badInput(`not JSON: ${error instanceof Error ? error.message : String(error)}`, expected);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw badInput(`expected a JSON object, got ${text}`, expected);
}
